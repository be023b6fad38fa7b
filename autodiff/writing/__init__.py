"""A graph in writing: as JSON and back, in lines of text, and what its nodes are called there."""

__all__: list[str] = []
