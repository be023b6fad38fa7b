"""Pictures of a graph: still, moving, and of its backward pass."""

__all__: list[str] = []
