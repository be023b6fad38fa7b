"""Compiled code, kept on disk by Numba and checked before it is used: a cut, garbled or full cache costs a warning.

Numba unpickles and runs whatever its files hold. Here each file begins with a digest of all that follows, and with
a stamp of what it was compiled from, so that a damaged one is compiled anew and written over, and one of another
version is passed over in silence.
"""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

from autodiff.programs import sums
from autodiff.programs.backends.machine import CODES

__all__ = ["FASTMATH", "jit"]

# LLVM's flags: a product and a sum may become one instruction, rounded once; sums and products may be taken in any
# order; a zero may lose its sign. What is nan or infinite stays so.
FASTMATH = {"contract", "reassoc", "nsz"}

_DIGEST = sha256().digest_size  # bytes


def jit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """A decorator: the function compiled when it is first called, or read from disk if it was compiled before."""

    def decorate(function: Callable[..., Any]) -> Any:
        compiled = numba.jit(**({"nopython": True, "error_model": "numpy", "boundscheck": False} | options))(function)
        try:
            compiled._cache = _CheckedCache(function, "fast" if "fastmath" in options else "checked")
        except RuntimeError as error:
            _warn(error)
        return compiled

    return decorate


class _CheckedCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of one function, with files that are checked, and errors that become a warning."""

    def __init__(self, function: Callable[..., Any], kind: str) -> None:
        super().__init__(function)
        stamp = (self._impl.locator.get_source_stamp(), _sources())
        # A name of its own: files that Numba wrote by itself have no digest.
        self._cache_file = _CheckedFiles(self.cache_path, f"{self._impl.filename_base}-{kind}", stamp)
        wanted = numba.config.CACHE_DIR
        if wanted and not Path(self.cache_path).is_relative_to(wanted):
            _warn(f"NUMBA_CACHE_DIR={wanted} cannot be written, {self.cache_path} is used instead")

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # of whatever kind: unpickling what is damaged raises anything
            _warn(error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except Exception as error:
            _warn(error)


class _CheckedFiles(IndexDataCacheFile):  # type: ignore[misc]
    """An index and the files of code that it names: each a digest of the rest, a stamp, and the data.

    A file of code repeats its key: where the disk was full, the index may name a file that was never written over.
    """

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        found = super().load(key)
        return found[1] if found is not None and found[0] == key else None

    def _load_index(self) -> Any:
        try:
            return self._read(self._index_path) or {}
        except FileNotFoundError:
            return {}
        except _DamageError as error:
            _warn(error)
            return {}  # so that the next save writes it anew

    def _save_index(self, overloads: Any) -> None:
        self._write(self._index_path, overloads)

    def _load_data(self, name: str) -> Any:
        return self._read(self._data_path(name))

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _read(self, path: str) -> Any:
        """What was written, or None if it was compiled from other sources."""
        content = Path(path).read_bytes()
        digest, stamp, data = content[:_DIGEST], content[_DIGEST : 2 * _DIGEST], content[2 * _DIGEST :]
        if sha256(content[_DIGEST:]).digest() != digest:
            raise _DamageError(f"{path} is damaged")
        return pickle.loads(data) if stamp == self._stamp(path) else None

    def _write(self, path: str, what: Any) -> None:
        content = self._stamp(path) + self._dump(what)
        with self._open_for_write(path) as file:
            file.write(sha256(content).digest() + content)

    def _stamp(self, path: str) -> bytes:
        return sha256(repr((self._version, self._source_stamp, os.path.basename(path))).encode()).digest()


class _DamageError(ValueError):
    """A file whose digest is not that of its content."""


@cache
def _sources() -> str:
    """What compiled code depends on beside the file that it is written in, which is all that Numba looks at."""
    files = [*sorted(Path(__file__).parent.glob("*.py")), Path(sums.__file__)]
    return sha256(b"".join(path.read_bytes() for path in files) + str(CODES).encode()).hexdigest()


_told: list[str] = []


def _warn(problem: object) -> None:
    """Say what is wrong with the cache, once in a process: the other functions have the same trouble."""
    if not _told:
        _told.append(str(problem))
        warnings.warn(
            f"the cache of compiled code cannot be used as it is ({problem}). The program runs, but is compiled in "
            "memory, which takes some seconds. A damaged file is written anew; otherwise free the disk, or set the "
            "environment variable NUMBA_CACHE_DIR to a folder that can be written.",
            RuntimeWarning,
            stacklevel=2,
        )
