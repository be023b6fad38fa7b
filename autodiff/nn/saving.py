"""Numbers by name, in files: JSON, which everybody reads, NumPy's npz, or safetensors."""

from __future__ import annotations

import json
import math
import os
import re
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Literal

from autodiff import files
from autodiff.ground.text import quoted
from autodiff.nn import safetensors
from autodiff.nn.nests import Shape, compare
from autodiff.nn.safetensors import each_once

__all__ = ["load", "save"]

_FORMAT = "gradroute parameters"
State = Mapping[str, Any]
Shapes = Mapping[str, Shape]


def save(path: str | os.PathLike[str], state: State) -> None:
    """Write the parameters; there is the old file, or the new one."""
    files.write(path, _kind(path, 0)[0](state))


def load(path: str | os.PathLike[str], shapes: Shapes, take: Callable[[State], None]) -> None:
    """Hand what :func:`save` wrote to ``take``; ``ValueError`` names any file that has no parameters of these shapes.

    Nothing larger than such parameters can be is read, unpacked or made.
    """
    reader, name = _kind(path, 1)[1], os.fspath(path)
    if os.path.isdir(path):
        raise ValueError(f"{name} is a folder, not a file of saved parameters")
    most = _most(shapes)
    data = files.read(path, most + 1)
    try:
        if len(data) > most:
            raise ValueError(f"it has more than {most} bytes, which the parameters of this model never take")
        take(reader(data, shapes))
    except ImportError:  # NumPy's, which is not the file's fault
        raise
    except Exception as error:  # zipfile, zlib, json and NumPy have a dozen kinds for what a damaged file may hold
        reason = str(error)[:500] or type(error).__name__
        raise ValueError(f"{name} is not a file of saved parameters of this model, or is damaged: {reason}") from error


def _most(shapes: Shapes) -> int:
    """More bytes than a file of such parameters can have: a number takes 25 characters, and white space."""
    return 2**22 + sum(1000 + 8 * len(name) + 100 * math.prod(shape) for name, shape in shapes.items())


def _write_json(state: State) -> bytes:
    try:
        text = json.dumps({"format": _FORMAT, "parameters": dict(state)}, allow_nan=False, indent=1)
    except ValueError as error:
        raise ValueError(
            f"JSON has no nan and no inf ({error}); save such parameters as .npz or .safetensors"
        ) from None
    return text.encode()


def _read_json(data: bytes, shapes: Shapes) -> State:
    content = json.loads(
        data, parse_float=_finite, parse_int=_finite, parse_constant=_finite, object_pairs_hook=each_once
    )
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f'it lacks "format": "{_FORMAT}"')
    parameters: State = dict(content["parameters"])
    if not all(map(_is_of_numbers, parameters.values())):
        raise ValueError("parameters are numbers, or lists of them: no true, false, null, text or objects")
    return parameters


def _is_of_numbers(nest: Any) -> bool:
    return all(map(_is_of_numbers, nest)) if isinstance(nest, list) else isinstance(nest, float)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"JSON has no nan and no inf, got {digits[:20]}")
    return number


def _write_npz(state: State) -> bytes:
    import numpy

    file = BytesIO()
    # numpy.savez would take a parameter called "file" for its own, and writes the time of day.
    with zipfile.ZipFile(file, "w") as archive:
        for name, nest in state.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                numpy.lib.format.write_array(member, numpy.array(nest, dtype=float))
    return file.getvalue()


def _read_npz(data: bytes, shapes: Shapes) -> State:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = each_once([(_parameter(info), info) for info in archive.infolist()])
        compare(shapes, members, lambda info: _header(archive.open(info))[2])
        return {name: _array(archive.open(info)) for name, info in members.items()}


def _parameter(info: zipfile.ZipInfo) -> str:
    if not info.filename.endswith(".npy") or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"NumPy writes no such member as {quoted(info.filename[:80])}")
    return info.filename[: -len(".npy")]


def _array(member: IO[bytes]) -> Any:
    """A number or a nest of them; its shape is known to be that of the model, so that it is not too large."""
    import numpy

    kind, order, shape = _header(member)
    size = math.prod(shape) * numpy.dtype(kind).itemsize
    content = member.read(size + 1)  # past the end, which is where zipfile compares the checksum
    if len(content) != size:
        amount = "more" if content[size:] else "fewer"
        raise ValueError(
            f"the header of {quoted(member.name)} promises {size} bytes of numbers, and there are {amount}"
        )
    return numpy.frombuffer(content, kind).reshape(shape, order=order).tolist()


_LONGEST_HEADER = 10_000  # as in NumPy
# Real numbers alone: objects would be pickles, and whoever reads records and texts takes what memory they ask for.
_HEADER = re.compile(
    rb"\s*\{\s*'descr'\s*:\s*'([<>|=]?[fiub]\d\d?)'\s*,\s*'fortran_order'\s*:\s*(True|False)\s*,"
    rb"\s*'shape'\s*:\s*\(((?:\s*\d{1,18}L?\s*,)*(?:\s*\d{1,18}L?\s*)?)\)\s*,?\s*\}\s*"
)


def _header(member: IO[bytes]) -> tuple[str, Literal["C", "F"], Shape]:
    """The type, the order and the shape of an array, read without the array."""
    start = member.read(8)
    length = int.from_bytes(member.read(2 if start[6:7] == b"\1" else 4), "little")
    found = _HEADER.fullmatch(member.read(min(length, _LONGEST_HEADER))) if start[:6] == b"\x93NUMPY" else None
    if found is None or length > _LONGEST_HEADER:
        raise ValueError("an array of numbers does not begin so")
    return found[1].decode(), "F" if found[2] == b"True" else "C", tuple(map(int, re.findall(rb"\d+", found[3])))


Kind = tuple[Callable[[State], bytes], Callable[[bytes, Shapes], State]]
_KINDS: dict[str, Kind] = {
    ".json": (_write_json, _read_json),
    ".npz": (_write_npz, _read_npz),
    ".safetensors": (safetensors.write, safetensors.read),
}

# How files that we do not write or read are written, and how they are read.
_TORCH = (
    "write torch.save(nn.to_torch(net.state_dict()), {path})",
    "write net.load_state_dict(torch.load({path}, weights_only=True)); nn.from_torch(...) takes a whole Sequential",
)
_KERAS = (
    "with h5py, write each tensor of net.state_dict() under its name",
    "with h5py, net.load_state_dict({name: file[...][()], ...}); Keras keeps the weights of Linear transposed",
)
_PICKLE = (
    "write pickle.dump(net.state_dict(), file)",
    "a pickle may run anything; where you trust it, net.load_state_dict(...) takes what is in it",
)
_ELSEWHERE = dict.fromkeys((".pt", ".pth", ".ckpt", ".bin"), _TORCH) | dict.fromkeys((".h5", ".hdf5", ".keras"), _KERAS)
_ELSEWHERE |= dict.fromkeys((".pkl", ".pickle", ".joblib"), _PICKLE)


def _kind(path: str | os.PathLike[str], way: int) -> Kind:
    """How such a file is written and read; ``way`` is what is wanted, 0 or 1."""
    ending = Path(path).suffix.lower()
    if ending not in _KINDS:
        name = quoted(os.fspath(path))
        hint = f"; {_ELSEWHERE[ending][way].replace('{path}', name)}" if ending in _ELSEWHERE else ""
        raise ValueError(f"parameters are saved as .json, .npz or .safetensors; got the file name {name}{hint}")
    return _KINDS[ending]
