"""What every page can do: save itself as one file, and show itself in a notebook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from autodiff.files import write
from viz.layout.kinds import kind_of, named

__all__ = ["SavedPage"]


class SavedPage:
    """A page that is one file; it says what its ``html`` is, and how it stands in a notebook (``_repr_html_``)."""

    def html(self) -> str:
        """One self-contained page: no network, no kernel, no other file."""
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the page as ``.html`` and return where; ``ValueError`` for any other ending, with the way out."""
        kind_of(path, ["html", "htm"], "a page")
        return self.save_html(path)

    def save_html(self, path: str | os.PathLike[str]) -> Path:
        """Save the page and return where; ``OSError`` names the path when it cannot be written."""
        return write(named(path, "html"), self.html().encode())

    def _repr_html_(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}
