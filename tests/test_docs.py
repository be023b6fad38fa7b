"""What docs/build.py makes is as it would be made today; if not: python docs/build.py."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def build() -> Iterator[ModuleType]:
    path = list(sys.path)
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = path


@pytest.fixture(scope="module")
def made(build: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("pictures")
    build.pictures(folder)
    return folder


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_picture_has_an_owner(made: Path) -> None:
    charts = {f"speed-{look}.svg" for look in ("dark", "light")}
    assert {path.name for path in DOCS.glob("*.svg")} == {path.name for path in made.iterdir()} | charts


@pytest.mark.parametrize(
    "name", [f"{name}-{look}" for name in ("network", "pool", "steps") for look in ("dark", "light")]
)
def test_a_picture_shows_what_it_would_show_today(name: str, build: ModuleType, made: Path) -> None:
    """Engines differ in where they put things, and in no more; so the test holds with any of them."""
    assert build.shown(read(DOCS / f"{name}.svg")) == build.shown(read(made / f"{name}.svg")), "python docs/build.py"


STALE = {
    "another number": ("1.6", "1.7"),
    "another colour": (r"#[0-9a-f]{6}", "#123456"),
    "another pen": (r"stroke-width:3", "stroke-width:4"),
    "another time": (r"30s", "31s"),
}


@pytest.mark.parametrize(("old", "new"), STALE.values(), ids=STALE)
def test_a_stale_picture_is_seen(old: str, new: str, build: ModuleType) -> None:
    svg = read(DOCS / "steps-light.svg")
    changed = re.sub(old, new, svg)
    assert changed != svg
    assert build.shown(changed) != build.shown(svg)


@pytest.mark.parametrize("look", ["dark", "light"])
def test_the_chart_has_text_that_can_be_selected_and_read(look: str) -> None:
    svg = read(DOCS / f"speed-{look}.svg")
    words = re.findall(r"<text [^>]*>([^<]*)</text>", svg)
    assert {"width of the two hidden layers", "µs for value and gradient", "gradroute (Numba)", "128"} <= set(words)
    assert "DejaVuSans-" not in svg  # the outline of a letter
    wide = float(re.search(r'<svg [^>]*\bwidth="([\d.]+)pt"', svg)[1])  # type: ignore[index]
    least = min(map(float, re.findall(r"font-size: ([\d.]+)px", svg)))
    assert least * min(1, 440 / wide) >= 10.5 * 0.75


@pytest.mark.parametrize("look", ["dark", "light"])
def test_the_chart_was_drawn_from_the_last_benchmarks(look: str, build: ModuleType) -> None:
    assert build.measured() in read(DOCS / f"speed-{look}.svg"), "python docs/build.py"


@pytest.mark.slow
def test_the_floor_plan_is_that_of_the_imports(build: ModuleType) -> None:
    assert read(DOCS / "house.md") == build.floors.house(), "python docs/build.py"


PLANS = {
    "a tower": ({"a": {"b"}, "b": {"c"}, "c": set()}, {"a": 2, "b": 1, "c": 0}),
    "the longest way down counts": ({"a": {"b", "c"}, "b": {"c"}, "c": set()}, {"a": 2, "b": 1, "c": 0}),
    "a circle shares a floor": (
        {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()},
        {"a": 2, "b": 1, "c": 1, "d": 0},
    ),
}


@pytest.mark.parametrize(("below", "heights"), PLANS.values(), ids=PLANS)
def test_a_room_stands_one_floor_above_what_it_stands_on(
    below: dict[str, set[str]], heights: dict[str, int], build: ModuleType
) -> None:
    assert build.floors.floors(below) == heights


def test_a_room_is_said_to_stand_on_what_it_does_not_reach_otherwise(build: ModuleType) -> None:
    below: dict[str, set[str]] = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert [*build.floors.direct("a", below)] == ["b"]


def test_the_signatures_are_those_of_the_table(build: ModuleType) -> None:
    for path, text in build.signatures.written().items():
        assert read(ROOT / path) == text, "python docs/signatures.py"
