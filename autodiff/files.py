"""A whole file, or the one that was there: how everything is saved."""

from __future__ import annotations

import errno
import os
import re
import select
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from autodiff.ground.text import quoted

try:
    import fcntl
except ImportError:  # Windows, where a file that somebody has open can be neither moved nor removed
    fcntl = None  # type: ignore[assignment]

__all__ = ["read", "write"]

# What the system answers where no new file may take the place of the old one: its folder or its owner forbids it, it
# is a mount of its own, or (on Windows) somebody has it open.
_FIXED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV, errno.ENOTSUP, errno.ENOSYS}
_BINARY = getattr(os, "O_BINARY", 0)  # Windows
_LINKS = 40  # as many in a row as Linux follows
_TRIES = 100


def write(path: str | os.PathLike[str], data: bytes, *, folders: bool = False) -> Path:
    """Write all of ``data`` to a file, or leave the file as it was, and return its path.

    The data go to a draft beside the file first, which takes its place once it is whole. The file keeps its mode,
    its owner and the links to it; a new one gets the umask's mode. Where no other file can take its place (its folder
    is closed, its owner is somebody else, it has a second name), it is overwritten, and put back if that fails.
    Devices, pipes and what ``/dev/stdout`` or ``/dev/fd/3`` stand for are written to as they are. With ``folders``
    the folders that it stands in are made, too.

    ``OSError`` names the path when it cannot be written, ``ValueError`` when no file can be called so.
    """
    name = os.fsdecode(path)
    with _named("write", name):
        if folders:
            os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        _write(name, data)
    return Path(name)


def read(path: str | os.PathLike[str], most: int) -> bytes:
    """The first bytes of a file, at most so many; ``OSError`` or ``ValueError`` name the path, as in ``write``."""
    name = os.fsdecode(path)
    with _named("read", name), open(name, "rb") as file:
        return file.read(most)


@contextmanager
def _named(verb: str, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"could not {verb} the file: {_reason(error, path)}", path) from error
    except ValueError as error:  # a NUL, half of a surrogate pair
        raise ValueError(f"could not {verb} the file: no file can be called {quoted(path)} ({error})") from error


def _reason(error: OSError, path: str) -> str:
    folder = os.path.dirname(os.path.realpath(path))
    if error.errno == errno.ENOENT and path and not os.path.isdir(folder):
        return f"there is no folder {quoted(folder)}"
    return error.strerror or str(error)


def _write(path: str, data: bytes) -> None:
    number = _descriptor(path)
    try:
        with FileIO(path, "w", opener=_as_it_is if number is None else lambda *_: os.dup(number)) as file:
            old = os.fstat(file.fileno())
            if number is not None or not stat.S_ISREG(old.st_mode):
                return _pour(file, data)
    except FileNotFoundError:
        if not path:  # which would be the folder that we are in
            raise
        return _replace(os.path.realpath(path), data, None)
    if old.st_nlink > 1:
        return _overwrite(path, data)
    return _replace(os.path.realpath(path), data, old)


def _as_it_is(path: str, flags: int) -> int:
    """Open what is there, as anybody would who may write to it, but neither make it nor cut it."""
    return os.open(path, os.O_WRONLY | _BINARY | getattr(os, "O_NOCTTY", 0))


def _descriptor(path: str) -> int | None:
    """The number of the open file of ours that is meant by /dev/stdout, /dev/fd/3 or a link to one of them."""
    ours = re.compile(rf"(?:/dev/fd|/proc/{os.getpid()}(?:/task/\d+)?/fd)/(\d+)", re.ASCII)
    for _ in range(_LINKS):
        folder, name = os.path.split(path)
        found = ours.fullmatch(f"{os.path.realpath(folder)}/{name}")
        if found:
            return int(found[1])
        try:
            path = os.path.join(folder, os.readlink(path))
        except OSError:
            return None
    return None


def _pour(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        done = file.write(rest)
        if done is None:  # a pipe that is full and does not wait
            select.select([], [file], [])
        rest = rest[done or 0 :]


def _replace(path: str, data: bytes, old: os.stat_result | None) -> None:
    try:
        _draft_and_move(path, data, old)
    except OSError as error:
        if error.errno not in _FIXED:
            raise
        try:
            _overwrite(path, data)
        except FileNotFoundError:
            raise error from None


def _draft_and_move(path: str, data: bytes, old: os.stat_result | None) -> None:
    folder, name = os.path.split(path)
    # The same for all drafts of a file, and short: the file's own name may be as long as the system takes.
    stem = f".gradroute-{zlib.crc32(os.fsencode(name)):08x}-"
    _sweep(folder, stem)
    for left in reversed(range(_TRIES)):
        try:
            return _move(os.path.join(folder, f"{stem}{os.urandom(8).hex()}.part"), path, data, old)
        except FileNotFoundError:  # another run swept it in the moment before it was held; or the folder is not there
            if not left or not os.path.isdir(folder):
                raise


def _move(draft: str, path: str, data: bytes, old: os.stat_result | None) -> None:
    """Write the draft and move it to the path; whatever interrupts this, at whichever moment, the draft is gone."""
    try:
        with FileIO(draft, "x", opener=None if old is None else _private) as file:
            _hold(file)
            if old is not None:
                _liken(file, old)
            _pour(file, data)
            os.fsync(file)
            if fcntl:  # while it is held, so that nobody sweeps it
                os.replace(draft, path)
        if not fcntl:
            os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _liken(file: FileIO, old: os.stat_result) -> None:
    """Give a draft the owner and the mode of the file whose place it will take."""
    if fcntl:
        new = os.fstat(file.fileno())
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            os.fchown(file.fileno(), old.st_uid, old.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))


def _overwrite(path: str, data: bytes) -> None:
    with FileIO(path, "r+") as file:
        _hold(file)  # others who overwrite it wait
        old = file.readall()
        try:
            _fill(file, data)
        except BaseException:
            _fill(file, old)
            raise


def _fill(file: FileIO, data: bytes) -> None:
    file.seek(0)
    _pour(file, data)
    file.truncate()
    os.fsync(file)


def _hold(file: FileIO) -> None:
    """Lock a file for as long as it is open; the system lets go of it, however this process ends."""
    if fcntl:
        with suppress(OSError):  # a file system without locks, where nothing is swept either
            fcntl.flock(file, fcntl.LOCK_EX)


def _sweep(folder: str, stem: str) -> None:
    """Remove the drafts that killed runs have left: those that nobody holds any more."""
    draft = re.compile(re.escape(stem) + r"[0-9a-f]{16}\.part")
    with suppress(OSError), os.scandir(folder or ".") as entries:
        for entry in entries:
            if draft.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove(entry.path)


def _remove(draft: str) -> None:
    if fcntl is None:
        return os.unlink(draft)  # fails while it is open
    with FileIO(draft, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while it is held
        os.unlink(draft)
