"""Running Python becomes a graph: Value, the functions generated from the rows, and the way back."""

__all__: list[str] = []
