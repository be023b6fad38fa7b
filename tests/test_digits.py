"""The handwritten digits that ship with the package."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from viz.demo.digits import digit


@pytest.mark.parametrize("label", range(10))
def test_a_digit_is_eight_by_eight_sixteenths(label: int) -> None:
    image = digit(label)
    assert [len(row) for row in image] == [8] * 8
    assert {type(pixel) for row in image for pixel in row} == {float}
    assert all(0 <= pixel <= 1 and (16 * pixel).is_integer() for row in image for pixel in row)
    assert max(map(max, image)) == 1


def test_the_ten_digits_differ() -> None:
    assert len({str(digit(label)) for label in range(10)}) == 10


@pytest.mark.parametrize("label", [-1, 10, 3.5, "3", None, [3]], ids=repr)
def test_anything_else_is_refused_by_name(label: object) -> None:
    with pytest.raises(ValueError, match=f"0, 1, ..., 9, and none for {re.escape(repr(label))}"):
        digit(label)  # type: ignore[arg-type]


def test_changing_a_digit_leaves_the_next_one_alone() -> None:
    before = digit(4)
    digit(4)[0][0] = 99.0
    assert digit(4) == before


def test_the_data_name_their_source_and_licence() -> None:
    data = json.loads((files("viz.demo") / "data" / "digits.json").read_text(encoding="utf-8"))
    assert "Alpaydin" in data["source"]
    assert "https://doi.org/10.24432/C50P49" in data["source"]
    assert data["licence"].startswith("CC BY 4.0")
    assert [entry["label"] for entry in data["digits"]] == list(range(10))
    assert len({entry["row"] for entry in data["digits"]}) == 10
