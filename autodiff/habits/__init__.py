"""Habits that people bring from torch, NumPy, Keras, micrograd and Python, and how they are answered."""

__all__: list[str] = []
