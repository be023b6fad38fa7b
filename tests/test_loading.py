"""Reading parameters: the file is good, or one error names it; nothing large is made on the word of a file."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff.nn import MLP, Linear, Sequential


def model(seed: int = 0) -> Sequential:
    return Sequential(Linear(3, 2, rng=seed), Linear(2, 1, rng=seed + 1))


def saved(ending: str, folder: Path) -> bytes:
    model(1).save(folder / f"good.{ending}")
    return (folder / f"good.{ending}").read_bytes()


def refused(path: Path, data: bytes) -> str:
    """What is said of a damaged file, which names it and has left the model as it was."""
    path.write_bytes(data)
    net = model()
    before = net.state_dict()
    with pytest.raises(ValueError, match="is not a file of saved parameters of this model, or is damaged") as caught:
        net.load(path)
    assert str(path) in str(caught.value)
    assert net.state_dict() == before
    return str(caught.value)


def complaint(net: Sequential, path: Path) -> str | None:
    try:
        net.load(path)
    except ValueError as error:
        return str(error)
    return None


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The data with a few bytes changed, cut out, doubled, or the rest of it gone."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        place, size = rng.randrange(len(out) or 1), rng.choice([1, 1, 2, 4, 8, 50])
        what = rng.randrange(7)
        if what == 0:
            out[place : place + 1] = bytes([rng.randrange(256)])
        elif what == 1 and out:
            out[place % len(out)] ^= 1 << rng.randrange(8)
        elif what == 2:
            del out[place : place + size]
        elif what == 3:
            out[place:place] = out[place : place + size]
        elif what == 4:
            out[place : place + size] = bytes([rng.choice([0, 255])]) * size
        elif what == 5:
            out[place:place] = rng.choice([b"[", b"{", b'"', b"9", b"-", b"e9", b"NaN", b"true,", b"null", b"\xff"])
        elif rng.random() < 0.2:
            del out[place:]
    return bytes(out)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # zipfile's about names that stand twice
@pytest.mark.parametrize("ending", ["json", "npz", "packed.npz", "safetensors"])
def test_a_damaged_file_is_one_error_or_a_good_load(ending: str, tmp_path: Path) -> None:
    data = saved(ending, tmp_path)
    if ending.startswith("packed"):
        packed = io.BytesIO()
        np.savez_compressed(packed, **{name: np.array(nest) for name, nest in model(1).state_dict().items()})
        data = packed.getvalue()
    rng, path, net, loads = random.Random(7), tmp_path / f"net.{ending}", model(), 0
    for _ in range(1000):
        path.write_bytes(mutated(data, rng))
        before = net.state_dict()
        said = complaint(net, path)
        loads += said is None
        assert all(type(value.data) is float for value in net.parameters())
        assert said is None or (str(path) in said and net.state_dict() == before)
    assert 0 < loads < 700


# JSON


def wrapped(parameters: str, form: str = "gradroute parameters") -> bytes:
    return f'{{"format": "{form}", "parameters": {parameters}}}'.encode()


def with_first(text: str) -> bytes:
    """The model's own parameters, the first number of which is written so."""
    state = model(1).state_dict()
    state["0.weight"][0][0] = "HERE"
    return wrapped(json.dumps(state).replace('"HERE"', text))


BROKEN = {
    "empty": b"",
    "NUL": b"\0" * 100,
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep inside": with_first("[" * 100_000 + "]" * 100_000),
    "rather deep": with_first("[" * 700 + "]" * 700),
    "deep objects": b'{"a":' * 100_000,
    "a list": b"[1, 2]",
    "another format": wrapped("{}", "gradroute graph"),
    "no parameters": b'{"format": "gradroute parameters"}',
    "parameters null": wrapped("null"),
    "parameters a list of pairs": wrapped('[["a", 1]]'),
    "not UTF-8": with_first('"\xff"').replace("\xff".encode(), b"\xff"),
    "half a pair": wrapped('{"\\ud800": 1}'),
    "cut": with_first("1")[:-40],
    "something behind": with_first("1") + b"}",
    "pickle": pickle.dumps(model(1).state_dict()),
    "twice": with_first("1").replace(b'"0.bias"', b'"0.weight"'),
    **{
        f"number {text[:20]}": with_first(text)
        for text in (
            *("NaN", "Infinity", "-Infinity", "1e999", "-1e400", "9" * 400, "1" + "0" * 5000, "9" * 100_000),
            *("true", "false", "null", '"1.0"', "[1.0]", "[]", "{}", '{"a": 1}', "0x10", "01", ".5", "1_000"),
        )
    },
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_json_is_refused_by_name(what: str, tmp_path: Path) -> None:
    refused(tmp_path / "net.json", BROKEN[what])


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
@pytest.mark.parametrize("what", BROKEN)
def test_anything_else_is_no_npz_and_no_safetensors(what: str, ending: str, tmp_path: Path) -> None:
    refused(tmp_path / f"net.{ending}", BROKEN[what])


def test_integers_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    for data in (with_first("3"), b"\xef\xbb\xbf" + with_first("3")):
        (tmp_path / "net.json").write_bytes(data)
        net = model()
        net.load(tmp_path / "net.json")
        assert net.state_dict()["0.weight"][0][0] == 3.0


@pytest.mark.parametrize(("blanks", "is_read"), [(4_000_000, True), (5_000_000, False)])
def test_a_file_has_room_for_four_megabytes_of_white_space(blanks: int, is_read: bool, tmp_path: Path) -> None:
    """Larger ones are refused before they are looked at: no file of these parameters takes so much."""
    data = with_first("3") + b" " * blanks
    if not is_read:
        assert "more than 4" in refused(tmp_path / "net.json", data)
        return
    (tmp_path / "net.json").write_bytes(data)
    assert complaint(model(), tmp_path / "net.json") is None


# npz


def member(array: np.ndarray[Any, Any], descr: str = "<f8", order: object = False, shape: object = None) -> bytes:
    """An .npy file with these in its header, true or not."""
    head = f"{{'descr': {descr!r}, 'fortran_order': {order!r}, 'shape': {shape or array.shape!r}, }}".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + array.tobytes()


def archive(first: Callable[[np.ndarray[Any, Any]], bytes], method: int = zipfile.ZIP_STORED, **info: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        for name, nest in model(1).state_dict().items():
            array = np.array(nest)
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = method
            packed.writestr(entry, first(array) if name == "0.weight" else member(array))
        for name, content in info.items():
            packed.writestr(name, content)
    return out.getvalue()


TYPES = ["|V0", "|V8", "|O", "<U2", "|S8", "<c16", "<M8[s]", "<f3", "<i9", "f99", "", "<f8,<f8", "f8" * 900]
FORMS = [(10**15,), (2, 10**15), (10**30,), (-2, -3), (2,), (3, 2), (2, 3, 1), "2, 3", "(2, x)", (2.0, 3.0)]
LIES: dict[str, Callable[[np.ndarray[Any, Any]], bytes]] = {
    **{f"type {descr}": partial(member, descr=descr) for descr in TYPES},
    **{f"shape {shape}": partial(member, shape=shape) for shape in FORMS},
    "a record": lambda array: member(array).replace(b"'<f8'", b"[('a','<f8')]"),
    "order": lambda array: member(array, order="maybe"),
    "too short": lambda array: member(array)[:-1],
    "too long": lambda array: member(array) + b"0",
    "only a beginning": lambda array: b"\x93NUMPY",
    "nothing": lambda array: b"",
    "a pickle": lambda array: pickle.dumps(array),
    "a header of 4 GB": lambda array: b"\x93NUMPY\2\0\xff\xff\xff\xff{",
    "a header of parentheses": lambda array: b"\x93NUMPY\1\0\xff\xff" + b"(" * 65535,
    "a header of minus signs": lambda array: b"\x93NUMPY\1\0\x10\x27" + b"-" * 10_000,
}


@pytest.mark.parametrize("what", LIES)
def test_a_header_that_lies_is_refused_by_name(what: str, tmp_path: Path) -> None:
    refused(tmp_path / "net.npz", archive(LIES[what]))


def flagged(data: bytes, at: int, value: int) -> bytes:
    """An archive whose first local and central headers have another field; ``at`` is where the local one has it."""
    out = bytearray(data)
    for start, shift in ((0, 0), (data.index(b"PK\1\2"), 2)):
        struct.pack_into("<H", out, start + at + shift, value)
    return bytes(out)


def test_oddities_of_zip_are_refused_by_name(tmp_path: Path) -> None:
    good, path = archive(member), tmp_path / "net.npz"
    (tmp_path / "good.npz").write_bytes(good)
    model().load(tmp_path / "good.npz")
    for odd in (
        flagged(good, 6, 1),  # encrypted
        flagged(good, 8, 99),  # packed in no way known
        flagged(good, 14, 0),  # another checksum
        flagged(good, 22, 9),  # another size
        good.replace(b"0.bias.npy", b"4.bias.npy", 1),  # two names of one member
        good.replace(b"0.bias.npy", b"0.bias.txt"),
        archive(member, zipfile.ZIP_LZMA),
        archive(member, zipfile.ZIP_BZIP2),
        archive(member, **{"note.txt": b"hello"}),
        good[: len(good) // 2],
        good[100:],
    ):
        refused(path, odd)
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = archive(member, **{"0.bias.npy": member(np.zeros(2))})
    assert "twice" in refused(path, twice)


@pytest.mark.parametrize("descr", ["<f8", ">f8", "<f4", ">f2", "<i4", "|u1", ">i8", "|b1"])
@pytest.mark.parametrize("order", [False, True])
def test_real_numbers_of_every_type_are_read(descr: str, order: bool, tmp_path: Path) -> None:
    def as_kind(array: np.ndarray[Any, Any]) -> bytes:
        numbers = np.array([[0, 1, 1], [1, 0, 0]], dtype=descr)
        return member(numbers.T if order else numbers, descr, order, (2, 3))

    (tmp_path / "net.npz").write_bytes(archive(as_kind))
    net = model()
    net.load(tmp_path / "net.npz")
    assert net.state_dict()["0.weight"] == [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]


def test_numpys_own_files_of_every_version_are_read(tmp_path: Path) -> None:
    for version in ((1, 0), (2, 0), (3, 0)):

        def written(array: np.ndarray[Any, Any], version: tuple[int, int] = version) -> bytes:
            out = io.BytesIO()
            np.lib.format.write_array(out, np.full_like(array, math.inf), version)
            return out.getvalue()

        (tmp_path / "net.npz").write_bytes(archive(written, zipfile.ZIP_DEFLATED))
        net = model()
        net.load(tmp_path / "net.npz")
        assert net.state_dict()["0.weight"] == [[math.inf] * 3] * 2


# safetensors


def safe(kind: str, cell: str, number: float = 1.0, spaces: int = 0, **more: object) -> bytes:
    """The model's tensors full of one number, written by hand; ``more`` is in the header entry of the first."""
    shapes = {"0.weight": (2, 3), "0.bias": (2,), "1.weight": (1, 2), "1.bias": (1,)}
    header: dict[str, Any] = {"__metadata__": {"by": "hand"}}
    numbers = b""
    for name, shape in shapes.items():
        start = len(numbers)
        numbers += struct.pack(f"<{cell}", number if cell in "fde" else int(number)) * math.prod(shape)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": (start, len(numbers))}
    header["0.weight"] |= more
    text = json.dumps(header).encode() + b" " * spaces
    return struct.pack("<Q", len(text)) + text + numbers


TYPES = {"F64": "d", "F32": "f", "F16": "e", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B", "BOOL": "?"}


@pytest.mark.parametrize(("dtype", "cell"), TYPES.items())
def test_safetensors_of_every_type_are_read(dtype: str, cell: str, tmp_path: Path) -> None:
    (tmp_path / "net.safetensors").write_bytes(safe(dtype, cell, spaces=7))
    net = model()
    net.load(tmp_path / "net.safetensors")
    assert net.state_dict()["0.weight"] == [[1.0] * 3] * 2
    assert {type(value.data) for value in net.parameters()} == {float}


def test_a_bfloat16_is_the_upper_half_of_a_float32(tmp_path: Path) -> None:
    half = struct.unpack("<H", struct.pack("<f", -2.5)[2:])[0]
    (tmp_path / "net.safetensors").write_bytes(safe("BF16", "H", half))
    net = model()
    net.load(tmp_path / "net.safetensors")
    assert net.state_dict()["1.bias"] == [-2.5]


UNSAFE: dict[str, bytes] = {
    "F8": safe("F8_E4M3", "b"),
    "another type": safe("F64", "f"),
    "beyond the end": safe("F64", "d", data_offsets=(80, 128)),
    "before the start": safe("F64", "d", data_offsets=(-8, 40)),
    "backwards": safe("F64", "d", data_offsets=(48, 0)),
    "too few": safe("F64", "d", data_offsets=(0, 40)),
    "no pair": safe("F64", "d", data_offsets=(0, 8, 48)),
    "text": safe("F64", "d", data_offsets=("0", "48")),
    "a list for a type": safe("F64", "d", dtype=["F64"]),
    "another shape": safe("F64", "d", shape=(3, 2)),
    "a huge shape": safe("F64", "d", shape=(2, 3, 10**18)),
    "a fraction": safe("F64", "d", shape=(2.0, 3.0)),
    "twice": safe("F64", "d").replace(b'"0.bias"', b'"1.bias"'),
    "a header without end": b"\xff" * 8 + b"{}",
    "a list for a header": struct.pack("<Q", 2) + b"[]",
    "cut": safe("F64", "d")[:-1],
}


@pytest.mark.parametrize("what", UNSAFE)
def test_broken_safetensors_are_refused_by_name(what: str, tmp_path: Path) -> None:
    refused(tmp_path / "net.safetensors", UNSAFE[what])


def test_safetensors_hold_every_float(tmp_path: Path) -> None:
    net, numbers = model(), iter([math.inf, -math.inf, -0.0, 5e-324, 1e308, math.pi, 1.0, 2.0, 3.0, math.nan, 0.1])
    for value in net.parameters():
        value.data = next(numbers)
    net.save(tmp_path / "net.safetensors")
    twin = model()
    twin.load(tmp_path / "net.safetensors")
    assert str(twin.state_dict()) == str(net.state_dict())


# Sizes


@pytest.mark.slow
def test_memory_is_not_taken_on_the_word_of_a_file(tmp_path: Path) -> None:
    bomb = archive(lambda array: member(np.zeros(0), shape=(10**7,)) + bytes(8 * 10**7), zipfile.ZIP_DEFLATED)
    hidden = archive(lambda array: member(array) + bytes(8 * 10**7), zipfile.ZIP_DEFLATED)
    large = b'{"format": "gradroute parameters", "parameters": [' + b"0," * 10**7 + b"0]}"
    for name, data in (("a.npz", bomb), ("b.npz", hidden), ("c.json", large), ("d.npz", bytes(10**7))):
        (tmp_path / name).write_bytes(data)
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match=name):
                model().load(tmp_path / name)
            assert tracemalloc.get_traced_memory()[1] < 2 * 10**7, name
        finally:
            tracemalloc.stop()


def test_another_models_file_says_what_differs_and_where(tmp_path: Path) -> None:
    for ending in ("json", "npz", "safetensors"):
        path = tmp_path / f"net.{ending}"
        MLP(2, [1]).save(path)
        with pytest.raises(
            ValueError, match=rf"net\.{ending} .*another model: it lacks '0.weight'.* and also has 'layers"
        ):
            model().load(path)
        Sequential(Linear(3, 4), Linear(4, 1)).save(path)
        with pytest.raises(
            ValueError, match=rf"net\.{ending} .*'0.weight' has the shape \(2, 3\) in this model, and \(4, 3\)"
        ):
            model().load(path)


def test_what_cannot_be_opened_says_its_path(tmp_path: Path) -> None:
    (tmp_path / "net.json").mkdir()
    with pytest.raises(ValueError, match=r"net.json is a folder"):
        model().load(tmp_path / "net.json")
    with pytest.raises(FileNotFoundError, match=r"could not read the file: .*'.*missing.npz'"):
        model().load(tmp_path / "missing.npz")
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*nowhere'"):
        model().load(tmp_path / "nowhere" / "net.npz")
    with pytest.raises(ValueError, match="net"):
        model().load("net\0.json")


@pytest.mark.skipif(os.name != "posix", reason="of Unix")
def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    data = saved("json", tmp_path)
    out, into = os.pipe()
    os.write(into, data)
    os.close(into)
    (tmp_path / "net.json").symlink_to(f"/dev/fd/{out}")
    net = model()
    net.load(tmp_path / "net.json")
    os.close(out)
    assert net.state_dict() == model(1).state_dict()
