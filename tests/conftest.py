"""What all tests share: property tests draw the same examples on every run, and none depends on time."""

import shutil

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("few", settings.get_profile("same"), max_examples=20)


def pytest_configure(config: pytest.Config) -> None:
    """Fewer examples where a quick answer was asked for."""
    settings.load_profile("few" if config.getoption("markexpr") == "quick" else "same")


@pytest.fixture(params=["dot", "graphviz-pure"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each Graphviz that is installed, one at a time."""
    if request.param == "dot" and not shutil.which("dot"):
        pytest.skip("no system Graphviz")
    if request.param == "graphviz-pure":
        monkeypatch.setenv("PATH", "")
    return str(request.param)
