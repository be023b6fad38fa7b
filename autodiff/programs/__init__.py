"""The graph as a program: flattened, over one sample or a batch, in many languages."""

__all__: list[str] = []
