"""How legible the stepper's page is: every reference graph in four frames, at its first, a middle and its last step.

Of a page that folds scopes the first one is opened, too. Measured are the smallest text of the whole page in CSS
pixels, the share of the frame that is free for the graph (of points of a 10 px grid whose topmost element is the graph
or the grid of a pool), the boxes that are not in view, those that something lies over, and the words at lines that meet
a box, a line or other words.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import viz
from autodiff import Value, max_pool1d
from benchmarks.reference import GRAPHS

__all__ = ["FRAMES", "HEADS", "LEAST_FREE", "pages", "rows", "seen"]

MEASURE = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
FRAMES = ((1060, 640), (750, 560), (1280, 720), (390, 780))
LEAST = 10.5  # CSS pixels
LEAST_FREE = {(390, 780): 0.6}  # of the frame; 0.85 elsewhere
HEADS = (
    "page",
    "frame",
    "smallest text",
    "texts below",
    "free",
    "boxes outside",
    "boxes covered",
    "words on something",
)


def pages(only: str = "") -> dict[str, viz.Stepper]:
    """The steppers that are measured, by what they show; of some names alone those that have ``only`` in them."""
    records = {name: record for name, record in {**GRAPHS, "README's pool and its grid": _grid}.items() if only in name}
    found = {}
    for name, record in records.items():
        output, wishes = record()
        found[name] = viz.step(output, names=False, **wishes)
    return found


def _grid() -> tuple[Value, dict[str, Any]]:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return 0.7 * p[0] + 0.9 * p[1], {"grid": p}


def seen(page: Any, frame: tuple[int, int]) -> list[dict[str, Any]]:
    """What is read of an open page in a frame, at three of its steps."""
    page.set_viewport_size({"width": frame[0], "height": frame[1]})
    last = int(page.evaluate("document.querySelector('[data-part=slider]').max"))
    found = []
    for step in (0, 2 * last // 3, last):
        page.locator("[data-part=slider]").fill(str(step))
        page.wait_for_timeout(350)  # what glides has come to rest
        found.append(page.evaluate(MEASURE))
    return found


def rows(page: Any, only: str = "") -> Iterator[list[str]]:
    """One row for each page and frame, and for the first scope that opens there: the worst of its steps.

    Behind the cells stands all that met something.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, stepper in pages(only).items():
            file = stepper.save_html(Path(folder, "page.html"))
            for frame in FRAMES:
                page.set_viewport_size({"width": frame[0], "height": frame[1]})
                page.goto(file.as_uri())
                yield _row(name, frame, seen(page, frame))
                if (box := page.locator(".gr-frame g.gr-folded[id] > rect")).count():
                    box.first.focus()
                    page.keyboard.press("Enter")
                    opened = page.locator("[data-part=opened]").text_content()
                    yield _row(f"{name}: {opened}", frame, seen(page, frame))


def _row(name: str, frame: tuple[int, int], found: list[dict[str, Any]]) -> list[str]:
    least, free = min(one["least"] for one in found), min(one["free"] for one in found)
    overlaps = dict.fromkeys(text for one in found for text in one["overlaps"])
    covered = {box for one in found for box in one["covered"]}
    outside = f"{min(one['outside'] for one in found)} of {found[0]['boxes']}"
    return [
        name,
        f"{frame[0]}×{frame[1]}",
        f"{least:.1f}" + " ✗" * (least < LEAST - 0.05),
        f"{max(one['small'] for one in found)} of {max(one['texts'] for one in found)}",
        f"{free:.0%}" + " ✗" * (free < LEAST_FREE.get(frame, 0.85)),
        outside,
        f"{len(covered)}" + " ✗" * bool(covered),
        f"{len(overlaps)}" + " ✗" * bool(overlaps),
        *overlaps,
    ]
