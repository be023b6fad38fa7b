"""What everything is drawn with: colours, sizes, dashes and characters."""
