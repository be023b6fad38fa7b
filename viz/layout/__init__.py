"""Where everything stands: the engines that lay out, and pictures that show and save themselves."""

__all__: list[str] = []
