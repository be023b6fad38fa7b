"""The file format safetensors, with the standard library alone: a header of JSON, then all the numbers."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from autodiff.ground.text import quoted
from autodiff.nn.nests import Shape, compare, flat, shape

__all__ = ["each_once", "read", "write"]

# Real numbers alone, by their names in the format; of a bfloat16 the lower half of a float32 was left out.
_TYPES = {"F64": "d", "F32": "f", "F16": "e", "BF16": "H"}
_TYPES |= {"I64": "q", "I32": "i", "I16": "h", "I8": "b", "U64": "Q", "U32": "I", "U16": "H", "U8": "B", "BOOL": "?"}


def write(state: Mapping[str, Any]) -> bytes:
    """The numbers by name as float64."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    numbers: list[float] = []
    for name, nest in state.items():
        start = 8 * len(numbers)
        numbers += flat(nest)
        header[name] = {"dtype": "F64", "shape": shape(nest), "data_offsets": [start, 8 * len(numbers)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + struct.pack(f"<{len(numbers)}d", *numbers)


def read(data: bytes, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """The numbers by name, in nests of these shapes; ``ValueError`` where the file has others."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start], object_pairs_hook=each_once) if start <= len(data) else None
    if not isinstance(header, dict):
        raise ValueError("safetensors begin with the length of their header, and the header")
    header.pop("__metadata__", None)
    compare(shapes, header, lambda entry: tuple(entry["shape"]))
    return {name: _tensor(name, entry, data, start) for name, entry in header.items()}


def _tensor(name: str, entry: Mapping[str, Any], data: bytes, start: int) -> Any:
    """One tensor; its shape is known to be that of the model, so that it is not too large."""
    kind, size = _TYPES.get(entry["dtype"]), math.prod(entry["shape"])
    if kind is None:
        raise ValueError(
            f"{quoted(name)} has numbers of the type {quoted(entry['dtype'], 40)}, which are not read here"
        )
    first, end = entry["data_offsets"]
    part = data[start + first : start + end] if 0 <= first <= end <= len(data) - start else b""
    if len(part) != struct.calcsize(f"<{size}{kind}"):
        raise ValueError(f"the header promises {size} numbers for {quoted(name)}, and there are other than that")
    numbers = struct.unpack(f"<{size}{kind}", part)
    if entry["dtype"] == "BF16":
        numbers = struct.unpack(f"<{size}f", struct.pack(f"<{size}I", *(half << 16 for half in numbers)))
    return _nested(map(float, numbers), [*entry["shape"]])


def _nested(numbers: Iterator[float], sizes: list[int]) -> Any:
    return [_nested(numbers, sizes[1:]) for _ in range(sizes[0])] if sizes else next(numbers)


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The dict of pairs of a JSON text, none of whose names may stand in it twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in it twice")
    return found
