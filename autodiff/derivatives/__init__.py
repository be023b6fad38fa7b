"""Derivatives as Values: recorded from the rows, so that they can be drawn and differentiated again."""

__all__: list[str] = []
