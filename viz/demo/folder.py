"""The folder that a run writes into: what an earlier run left there, and nothing else, goes when it is out of date."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from autodiff.files import read, write

__all__ = ["MANIFEST", "Folder"]

MANIFEST = ".gradroute.json"  # which files a run wrote, and the hashes of what it wrote into them

# The only names that a run writes, and so the only ones that it removes, whatever a manifest says.
NAMES = frozenset(
    [
        *(f"{name}.{kind}" for name in ("digit", "network", "pool", "graph") for kind in ("svg", "png", "dot")),
        "steps.html",
    ]
)
MOST = 100_000_000  # bytes of a file that may be one of ours


class Folder:
    """A folder that knows what it holds of earlier runs; use it in a ``with`` statement.

    At the end, what an earlier run wrote and this one did not is removed, if it is still what was written then: a plain
    file of one of our names with the same content. Links, folders and everybody else's files stay.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known = {name: digest for name, digest in _remembered(path / MANIFEST).items() if name in NAMES}
        self.written: set[str] = set()

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in sorted(self.known.keys() - self.written):
            path = self.path / name
            if _digest(path) == self.known.pop(name):
                with suppress(OSError):
                    path.unlink()
        self._remember()

    def keep(self, path: str | os.PathLike[str]) -> Path:
        """Remember a file that was just written here, and return it."""
        name = os.path.basename(path)
        self.written.add(name)
        self.known.pop(name, None)
        if name in NAMES and (digest := _digest(self.path / name)):
            self.known[name] = digest
        self._remember()
        return Path(path)

    def save(self, name: str, text: str) -> Path:
        """Write a text into a file, and remember it."""
        return self.keep(write(self.path / name, text.encode()))

    def _remember(self) -> None:
        path = self.path / MANIFEST
        if not os.path.lexists(path) or _is_plain(path):
            with suppress(OSError):  # a run that cannot be remembered is a run all the same
                write(path, json.dumps({"files": self.known}, indent=1, sort_keys=True).encode() + b"\n")


def _remembered(path: Path) -> dict[str, str]:
    """What a manifest says; nothing where it is missing, damaged, or no plain file."""
    try:
        told = json.loads(read(path, 100_000)) if _is_plain(path) else {}
        files = told["files"]
        return {name: digest for name, digest in files.items() if isinstance(digest, str)}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def _is_plain(path: Path) -> bool:
    with suppress(OSError, ValueError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False


def _digest(path: Path) -> str:
    """The hash of a plain file's content, "" where there is none."""
    if not _is_plain(path):
        return ""
    with suppress(OSError):
        return hashlib.sha256(read(path, MOST)).hexdigest()
    return ""
