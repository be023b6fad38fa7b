"""``python -m benchmarks.explore``: the page of a digit's LeNet, from Python's call to edits in Chromium."""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import viz
from autodiff import Graph, Value, nn
from benchmarks.legible import chromium
from benchmarks.lenet import CHANNELS
from viz.demo.digits import digit

__all__ = ["lines"]

EDITS = 100
# Another number in the field of the picked leaf: milliseconds until the page has computed and painted, and until the
# browser has shown it.
EDIT = """async (x) => {
  const field = document.querySelector("[data-part=number]");
  field.value = x;
  const start = performance.now();
  field.dispatchEvent(new Event("change"));
  const done = performance.now() - start;
  await new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)));
  return [done, performance.now() - start];
}"""


def lenet() -> Value:
    """The cross entropy of a LeNet on the digit 4: 12,356 nodes."""
    first, second = CHANNELS
    body = nn.Conv2d(1, first, 3, padding=1, rng=0), nn.ReLU(), nn.MaxPool2d(2)
    more = nn.Conv2d(first, second, 3, padding=1, rng=1), nn.ReLU(), nn.MaxPool2d(2)
    model = nn.Sequential(*body, *more, nn.Flatten(), nn.Linear(second * 4, 10, rng=2))
    return nn.cross_entropy(model([[[Value(x) for x in row] for row in digit(4)]]), 4)


def lines() -> Iterator[str]:
    """What was measured, in words."""
    output = lenet()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        file = viz.explore(output).save(Path(folder) / "net.html")
        took = time.perf_counter() - start
        size, data = file.stat().st_size / 1000, len(json.dumps(viz.explore(output).data)) / 1000
        yield f"the page of {len(Graph(output))} nodes is saved in {took:.2f} s: {size:.0f} KB, {data:.0f} KB of data"
        yield from _driven(file)


def _driven(file: Path) -> Iterator[str]:
    with chromium() as page:
        start = time.perf_counter()
        page.goto(file.as_uri())
        page.locator("[data-painted]").wait_for()
        yield f"it opens in {time.perf_counter() - start:.2f} s"
        for name in ("input, values", "w of conv 0, values", "w of conv 3, values"):
            yield f"{EDITS} edits of {name.split(',')[0]}: {_edits(page, name)}"


def _edits(page: Any, name: str) -> str:
    one = page.locator(f'[aria-label^="{name}"]')
    draw, (wide, high) = random.Random(0), (one.bounding_box()[side] for side in ("width", "height"))
    times, cells = [], []
    while len(times) < EDITS:
        one.click(position={"x": draw.uniform(1, wide - 1), "y": draw.uniform(1, high - 1)})
        if page.locator("[data-part=change]").is_visible():
            times.append(page.evaluate(EDIT, f"{draw.uniform(-1, 1):.3f}"))
            cells.append(int(page.locator("[data-painted]").get_attribute("data-painted")))
    done, shown = ([each[k] for each in times] for k in (0, 1))
    said = [f"{statistics.median(each):.0f} ms (worst {max(each):.0f})" for each in (done, shown)]
    return f"computed and painted in {said[0]}, shown in {said[1]}, {statistics.median(cells):.0f} cells painted"


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
