"""What everything is drawn with: colours, sizes, dashes and characters."""

__all__: list[str] = []
