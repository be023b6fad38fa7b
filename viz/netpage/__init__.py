"""The page that goes into a network: any unit, layer by layer, there and back."""

__all__: list[str] = []
