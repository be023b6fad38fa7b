"""What all tests share: property tests draw the same examples on every run, and none depends on time."""

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.load_profile("same")
