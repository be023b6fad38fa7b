"""What an operation is: one row of a table, read by everything that knows about it."""

from autodiff.table import rows  # whoever reads the table finds its rows there

__all__ = ["rows"]
