"""What all others stand on: text as people see it, and what they give as sizes, cells, arrays and tables."""

__all__: list[str] = []
