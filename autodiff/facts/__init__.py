"""What happened: every step of a pass as a fact, the words for it, and whether its gradients are right."""

__all__: list[str] = []
