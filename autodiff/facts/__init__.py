"""What happened: every step of a pass as a fact, and the words for it."""

__all__: list[str] = []
