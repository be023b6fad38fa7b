"""The page that steps through a graph."""
