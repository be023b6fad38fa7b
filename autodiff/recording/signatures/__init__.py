"""What checkers and editors see of generated functions; only read by them, never imported."""

__all__: list[str] = []
