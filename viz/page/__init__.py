"""The page that steps through a graph."""

__all__: list[str] = []
