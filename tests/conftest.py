"""What all tests share: property tests draw the same examples on every run, and none depends on time."""

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("few", settings.get_profile("same"), max_examples=20)


def pytest_configure(config: pytest.Config) -> None:
    """Fewer examples where a quick answer was asked for."""
    settings.load_profile("few" if config.getoption("markexpr") == "quick" else "same")
