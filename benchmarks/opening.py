"""``python -m benchmarks.opening [CHECKOUT ...]``: how soon a stepper's page is there, and a step of it painted.

Each CHECKOUT is a folder with another state of the project (``git worktree add``); this one is measured beside them, in
the same Chromium, one after the other in every round, so that a machine that is busy is busy for all. Counted are the
milliseconds from opening the file until anything is painted, until the page at its first step is, and from a key until
what it changes is: the script, and the browser's style, layout and paint. Of both also the work alone, which is what
the page's own thread has computed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.legible import chromium

__all__ = ["GRAPHS", "measured", "pages"]

ROUNDS, STEPS = 15, 12
HERE = Path(__file__).resolve().parents[1]
GRAPHS = {
    "the README's pool": "p = max_pool1d([Value(n, f'x{i}') for i, n in enumerate((3, 0, 4, 2, 0))], 3, 2)\n"
    "y = 0.7 * p[0] + 0.9 * p[1]",
    "MLP(6, [8, 4, 1])": "y = nn.MLP(6, [8, 4, 1])([Value(0.1 * i) for i in range(6)])",
    "the same without scopes": "w = lambda: Value(random.uniform(-1, 1))\nx = [Value(0.1 * i) for i in range(10)]\n"
    "for n in (18, 8, 1):\n    x = [(sum((w() * one for one in x), w())).tanh() for _ in range(n)]\ny = x[0]",
    "MLP(10, [18, 8, 1])": "y = nn.MLP(10, [18, 8, 1])([Value(0.1 * i) for i in range(10)])",
}
_MAKE = """
import random, sys, viz
from autodiff import Graph, Value, max_pool1d, nn
random.seed(1)
{graph}
viz.step(y, names=False, max_nodes=None, theme="light").save_html(sys.argv[1])
print(len(Graph(y)))
"""
# Told to the page before it begins: when the frame was handed to the screen in which its status first stood there.
_WATCH = """
window.settled = (then) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = then;
  port2.postMessage(0);
};
const look = () => {
  if (document.querySelector("[role=status]")?.textContent) settled(() => (window.there = performance.now()));
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_SEEN = "[performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null, window.there ?? null]"
_STEP = """(key) => new Promise((tell) => requestAnimationFrame(() => {
  const before = performance.now();
  const there = document.querySelector("button[data-do=next], button") ?? document.body;
  there.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  settled(() => tell(performance.now() - before));
}))"""


def pages(checkout: Path, folder: Path) -> dict[str, tuple[Path, int]]:
    """The page of each graph as a checkout makes it, and the graph's nodes."""
    found = {}
    for number, (name, graph) in enumerate(GRAPHS.items()):
        file = folder / f"{number}.html"
        command = [sys.executable, "-c", _MAKE.format(graph=graph), str(file)]
        env = {**os.environ, "PYTHONPATH": str(checkout)}
        made = subprocess.run(command, cwd=checkout, env=env, check=True, capture_output=True, text=True)
        found[name] = file, int(made.stdout)
    return found


def measured(browser: Any, file: Path) -> dict[str, float]:
    """A page is opened, and steps to its last step and back."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(_WATCH)
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(file.as_uri())
    while None in (seen := page.evaluate(_SEEN)):
        page.wait_for_timeout(50)
    found = dict(zip(("first paint", "the page"), seen, strict=True))
    found["its work"] = _work(session)
    for name, start, key in (("a step", "Home", "ArrowRight"), ("a step back", "End", "ArrowLeft")):
        page.keyboard.press(start)
        page.wait_for_timeout(100)
        before = _work(session)
        found[name] = statistics.median(page.evaluate(_STEP, key) for _ in range(STEPS))
        found[f"{name}, work"] = (_work(session) - before) / STEPS
    context.close()
    return found


def _work(session: Any) -> float:
    """Milliseconds that the page's thread has been at work, however long others had the processor meanwhile."""
    told = session.send("Performance.getMetrics")["metrics"]
    return 1000 * float(next(one["value"] for one in told if one["name"] == "TaskDuration"))


def _row(name: str, rounds: Mapping[str, list[dict[str, float]]]) -> str:
    """Medians and minima, and what ours takes of each other's."""
    lines = [name]
    ours = rounds[str(HERE)]
    for what in ours[0]:
        own = [one[what] for one in ours]
        lines.append(f"  {what:17s} {statistics.median(own):7.1f} ms, at least {min(own):7.1f}")
        for checkout, found in rounds.items():
            if checkout != str(HERE):
                other = [one[what] for one in found]
                of_medians, of_minima = statistics.median(own) / statistics.median(other), min(own) / min(other)
                lines.append(
                    f"    {statistics.median(other):14.1f} ms, at least {min(other):7.1f} in {Path(checkout).name}: "
                    f"ours takes {of_medians:.2f} of it, of minima {of_minima:.2f}"
                )
    return "\n".join(lines)


def main() -> None:
    """Print one table for each graph."""
    checkouts = [HERE, *(Path(name).resolve() for name in sys.argv[1:])]
    with tempfile.TemporaryDirectory() as folder, chromium() as first:
        made = {}
        for number, checkout in enumerate(checkouts):
            (own := Path(folder, str(number))).mkdir()
            made[str(checkout)] = pages(checkout, own)
        for name in GRAPHS:
            rounds: dict[str, list[dict[str, float]]] = {checkout: [] for checkout in made}
            for _ in range(ROUNDS + 1):
                for checkout, found in made.items():
                    rounds[checkout].append(measured(first.context.browser, found[name][0]))
            warm = {checkout: found[1:] for checkout, found in rounds.items()}
            print(_row(f"{name}, {made[str(HERE)][name][1]} nodes", warm), flush=True)


if __name__ == "__main__":
    main()
