"""Two pictures beside each other: what changed, framed and told, and the reason in words."""

__all__: list[str] = []
