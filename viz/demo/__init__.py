"""What ``python -m viz`` shows: a digit, a grid, a formula."""

__all__: list[str] = []
