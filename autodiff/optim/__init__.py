"""Optimisers with torch's arithmetic, on Values or on flat lists and arrays of numbers, and learning rate schedules."""

from autodiff.optim.optimizer import Optimizer
from autodiff.optim.parameters import leaves, write
from autodiff.optim.rules import SGD, Adam, AdamW
from autodiff.optim.schedules import cosine, linear, step

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "cosine", "leaves", "linear", "step", "write"]
