"""What runs a routine: the standard library, NumPy, or Numba, all from the same instructions."""

__all__: list[str] = []
