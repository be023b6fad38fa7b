"""Pictures of a whole network: layers as maps, values above, the gradient below, routes through the winners."""

__all__: list[str] = []
