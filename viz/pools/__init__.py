"""Pictures of a pool: grids, windows, winners."""

__all__: list[str] = []
