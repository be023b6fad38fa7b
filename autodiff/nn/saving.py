"""Numbers by name, in files: JSON, which everybody reads, or NumPy's npz."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from autodiff.nn.nests import listed

__all__ = ["load", "save"]

_FORMAT = "gradroute parameters"
State = Mapping[str, Any]


def save(path: str | os.PathLike[str], state: State) -> None:
    """Write the file beside its place and move it there once it is whole: there is the old file, or the new one."""
    target = Path(path).resolve()
    write = _kind(target)[0]
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot save to {target}: there is no folder {target.parent}")
    try:
        with part.open("wb") as file:
            write(file, state)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str]) -> State:
    """What :func:`save` wrote; ``ValueError`` for any other file."""
    source = Path(path)
    read = _kind(source)[1]
    with source.open("rb") as file:
        try:
            return read(file)
        except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
            raise ValueError(f"{source.name} is not a file of saved parameters, or it is damaged: {error}") from error


def _write_json(file: BinaryIO, state: State) -> None:
    try:
        text = json.dumps({"format": _FORMAT, "parameters": dict(state)}, allow_nan=False, indent=1)
    except ValueError as error:
        raise ValueError(f"JSON has no nan and no inf ({error}); save such parameters as .npz") from None
    file.write(text.encode())


def _read_json(file: BinaryIO) -> State:
    content = json.load(file)
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f'it lacks "format": "{_FORMAT}"')
    parameters: State = content["parameters"]
    return dict(parameters)


def _write_npz(file: BinaryIO, state: State) -> None:
    import numpy

    # numpy.savez would take a parameter called "file" for its own, and writes the time of day.
    with zipfile.ZipFile(file, "w") as archive:
        for name, nest in state.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                numpy.lib.format.write_array(member, numpy.array(nest, dtype=float), allow_pickle=False)


def _read_npz(file: BinaryIO) -> State:
    import numpy

    with numpy.load(file, allow_pickle=False) as arrays:
        return {name: listed(arrays[name]) for name in arrays.files}


Kind = tuple[Callable[[BinaryIO, State], None], Callable[[BinaryIO], State]]
_KINDS: dict[str, Kind] = {".json": (_write_json, _read_json), ".npz": (_write_npz, _read_npz)}


def _kind(path: Path) -> Kind:
    try:
        return _KINDS[path.suffix.lower()]
    except KeyError:
        raise ValueError(f"parameters are saved as .json or .npz; got the file name {path.name!r}") from None
