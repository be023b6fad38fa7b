"""What a formula is: its numbers, its text and tree, how it is written for people, and how it becomes code."""

__all__: list[str] = []
