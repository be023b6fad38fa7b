"""Optimisers with torch's arithmetic, on Values or on flat lists and arrays of numbers, and learning rate schedules."""

from typing import TYPE_CHECKING

from autodiff.habits.answers import answering, refuse_name
from autodiff.optim.optimizer import Optimizer
from autodiff.optim.parameters import leaves, write
from autodiff.optim.rules import SGD, Adam, AdamW
from autodiff.optim.schedules import cosine, linear, step

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "cosine", "leaves", "linear", "step", "write"]

for _kind in (SGD, Adam, AdamW):
    answering(_kind)
answering(Optimizer, "step", "zero_grad")

if not TYPE_CHECKING:

    def __getattr__(name):
        refuse_name(__name__, "OPTIMISERS", name)
