"""Build what the README and the pages here show: pictures, operations, the floor plan, the last benchmarks' figures.

Run it as ``python docs/build.py``; the chart needs matplotlib, and is left as it is without.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import floors  # noqa: E402
import signatures  # noqa: E402

from autodiff import TABLE, Value, max_pool1d  # noqa: E402 - the project need not be installed
from autodiff.facts.words import NOTHING_FLOWS  # noqa: E402
from viz import animate, network, pool  # noqa: E402
from viz.demo.digits import digit  # noqa: E402
from viz.demo.network import digit_network  # noqa: E402
from viz.ink.theme import DARK, LIGHT, Theme  # noqa: E402
from viz.page.twin import jsdoc  # noqa: E402

RESULTS = HERE.parent / "benchmarks" / "results.json"
README = HERE.parent / "README.md"
SPEED = HERE / "speed.md"
OURS = "gradroute (Numba)"

HEAD = """# The table of operations

One row of [`autodiff/table/rows.py`](../autodiff/table/rows.py) is all the project knows about an operation: eager
numbers, recorded derivatives, pictures and sentences read the same formulas. In a partial, `None` means *no path*:
{nothing}; and nothing is multiplied. `out` is the operation's own value.

| operation | shown as | value | partials |
|---|---|---|---|
"""


def operations() -> str:
    """The page of operations, in Markdown."""
    rows = []
    for op in TABLE.values():
        partials = ", ".join(f"`{ast.unparse(partial)}`" for partial in op.partials)
        value = ast.unparse(op.value)
        rows.append(f"| `{op.name}({', '.join(op.inputs)})` | {op.symbol} | `{value}` | {partials} |\n")
    return HEAD.format(nothing=NOTHING_FLOWS) + "".join(rows)


def pictures(folder: Path = HERE) -> None:
    """The README's pictures, light and dark."""
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    p[0].name, p[1].name = "p0", "p1"
    score = 0.7 * p[0] + 0.9 * p[1]
    score.name = "score"
    score.backward()
    whole = digit_network(digit(4), kernel_size=3, stride=2).score
    for look in ("light", "dark"):
        network(whole, fit=(838, None), theme=look).save_svg(folder / f"network-{look}.svg")
        pool(x, p, kernel_size=3, stride=2, theme=look).save_svg(folder / f"pool-{look}.svg")
        animate(score, folder / f"steps-{look}.svg", theme=look)


def shown(svg: str) -> dict[str, object]:
    """What a picture shows whichever engine laid it out: its words, its colours and pens, and how it moves."""
    svg = re.sub(r"\bg[0-9a-f]{8}-", "", svg)  # the names follow from the content, places included
    looks = set(re.findall(r'\b(?:fill|stroke|stroke-width|stroke-dasharray|font-family|font-size)="([^"]*)"', svg))
    return {
        "words": sorted(re.findall(r">([^<>\n]+)</text>", svg)),
        "looks": sorted(looks - {"transparent", "none"}),  # engines differ in which of the two they write
        "moves": re.findall(r"<style>(.*?)</style>", svg, re.DOTALL),
    }


def figures() -> str:
    """The tables of the last benchmarks, in Markdown: how many times our time each peer takes, in its best form."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    blocks = [f"Measured on: {results['processor']}, Python {results['python']}, {_versions(results['versions'])}."]
    for title, seconds in results["median_seconds"].items():
        if not _in_chart(title):
            blocks.append(_table(title, seconds, results["missing"].get(title, {})))
    blocks.append(_growing(_chart_data()))
    blocks.append("In the same run:\n\n" + "\n".join(f"- {note}" for note in results["notes"]))
    return "\n\n".join(blocks)


def _versions(found: dict[str, str]) -> str:
    return ", ".join(f"{name} {version.partition('+')[0]}" for name, version in found.items())


def _in_chart(title: str) -> bool:
    return "network, 100 samples" in title


def _table(title: str, seconds: dict[str, float], missing: dict[str, str]) -> str:
    ours = next(iter(seconds.values()))
    best = _best_forms(seconds)
    rows = [f"| {name} | {_time(taken)} | {_ratio(taken / ours)} |" for name, taken in best.items()]
    rows += [f"| {name} | missing: {why} | |" for name, why in missing.items()]
    return "\n".join([f"| {title} | median | times ours |", "|---|---:|---:|", *rows])


def _library(name: str) -> str:
    """The forms of one peer are written alike before the bracket."""
    return name if name.startswith("gradroute") else name.partition(" (")[0]


def _best_forms(seconds: dict[str, float]) -> dict[str, float]:
    """Of each peer the form that was fastest; all of ours; the fastest first, behind the one that is the measure."""
    best: dict[str, str] = {}
    for name in seconds:
        known = best.setdefault(_library(name), name)
        best[_library(name)] = min(known, name, key=seconds.__getitem__)
    first = next(iter(seconds))
    order = sorted(best.values(), key=lambda name: (name != first, seconds[name]))
    return {name: seconds[name] for name in order}


def _chart_data() -> dict[int, dict[str, float]]:
    """For each width the best time of each peer."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))["median_seconds"]
    data = {}
    for title, seconds in found.items():
        if _in_chart(title):
            width = int(re.search(r"2-(\d+)-", title)[1])  # type: ignore[index]
            data[width] = {_library(name): taken for name, taken in _best_forms(seconds).items()}
    return data


def _growing(data: dict[int, dict[str, float]]) -> str:
    """The chart's numbers: how many times our time the peers take as the layers grow."""
    peers = [name for name in next(iter(data.values())) if not name.startswith("gradroute")]
    head = ["| width of the two hidden layers |", *(f" {width} |" for width in data)]
    rows = ["".join(head), "|---|" + "---:|" * len(data)]
    rows.append(f"| {OURS} | {' | '.join(_time(seconds[OURS]) for seconds in data.values())} |")
    for peer in peers:
        times = [_ratio(seconds[peer] / seconds[OURS]) for seconds in data.values()]
        rows.append(f"| {peer}, times ours | {' | '.join(times)} |")
    return "\n".join(rows)


def _ratio(times: float) -> str:
    return f"{times:.2f}" if times < 10 else f"{float(f'{times:.3g}'):,.0f}"


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def headline() -> str:
    """One network's row for the README, every peer's best form in it, whoever is ahead."""
    titles = json.loads(RESULTS.read_text(encoding="utf-8"))["median_seconds"]
    title, seconds = next((name, each) for name, each in titles.items() if name.startswith("value and gradient"))
    ours, *peers = _best_forms(seconds).items()
    peers = [each for each in peers if not each[0].startswith("gradroute")]
    cells = [_time(ours[1]), *(f"{_ratio(taken / ours[1])} times" for _, taken in peers)]
    return "\n".join(
        [
            "| " + " | ".join([title, "gradroute", *(_library(name) for name, _ in peers)]) + " |",
            "|---|" + "---:|" * len(cells),
            "| " + " | ".join(["[all figures](docs/speed.md)", *cells]) + " |",
        ]
    )


def between(path: Path, mark: str, text: str) -> str:
    """A page with this text between two marks of its own."""
    marks = f"<!-- {mark}: made by docs/build.py -->", f"<!-- end of {mark} -->"
    page = path.read_text(encoding="utf-8")
    return re.sub(f"{marks[0]}.*?{marks[1]}", f"{marks[0]}\n\n{text}\n\n{marks[1]}", page, flags=re.DOTALL)


def readme() -> str:
    """The README with a row of the last benchmarks."""
    return between(README, "speed", headline())


def speed() -> str:
    """The page of speed with the figures of the last benchmarks."""
    return between(SPEED, "figures", figures())


def measured() -> str:
    """What the charts were drawn from, so that a stale one is known without drawing it again."""
    digest = hashlib.sha256(RESULTS.read_text(encoding="utf-8").encode()).hexdigest()[:16]
    return f"benchmarks/results.json, {digest}"


def chart(look: Theme) -> None:
    """Where the frameworks overtake: the time of a training step as the layers grow."""
    from matplotlib import pyplot

    data = _chart_data()
    widths = list(data)
    # Text stays text: it can be selected, read aloud and measured.
    font = {"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"]}
    pyplot.rcParams.update({"svg.hashsalt": "gradroute", "svg.fonttype": "none", **font})
    figure, axes = pyplot.subplots(figsize=(7, 3.6), facecolor=look.background)
    colours = (look.positive, look.negative, look.gradient, look.muted)
    for name, colour, mark in zip((OURS, "jax", "torch", "hand-written C"), colours, "os^d", strict=True):
        if all(name in seconds for seconds in data.values()):
            times = [seconds[name] * 1e6 for seconds in data.values()]
            axes.plot(widths, times, mark + "-", color=colour, label=name if name == OURS else f"{name}, best form")
    axes.set(xscale="log", yscale="log", xlabel="width of the two hidden layers", ylabel="µs for value and gradient")
    axes.set_xticks(widths, [str(width) for width in widths], minor=False)
    ticks = [5, 10, 20, 50, 100, 200, 500]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_facecolor(look.background)
    axes.tick_params(colors=look.text)
    axes.xaxis.label.set_color(look.text)
    axes.yaxis.label.set_color(look.text)
    for side in axes.spines.values():
        side.set_color(look.muted)
    axes.legend(frameon=False, labelcolor=look.text)
    notes = {"Date": None, "Description": measured()}
    figure.savefig(HERE / f"speed-{look.name}.svg", metadata=notes, bbox_inches="tight")
    pyplot.close(figure)


if __name__ == "__main__":
    (HERE / "operations.md").write_text(operations(), encoding="utf-8")
    (HERE / "house.md").write_text(floors.house(), encoding="utf-8")
    (HERE.parent / "viz" / "page" / "static" / "contract.js").write_text(jsdoc(), encoding="utf-8")
    signatures.write()
    pictures()
    if RESULTS.exists():
        README.write_text(readme(), encoding="utf-8")
        SPEED.write_text(speed(), encoding="utf-8")
        if importlib.util.find_spec("matplotlib"):
            for each in (LIGHT, DARK):
                chart(each)
