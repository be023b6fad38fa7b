"""Pictures of a pool: grids, windows, winners."""
