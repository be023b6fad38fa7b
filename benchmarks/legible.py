"""``python -m benchmarks.legible``: how large the smallest text of each picture is, in every place where it is shown.

A picture is put into a real Chromium as people meet it: as a notebook shows it in a column of 700 CSS pixels, as a
saved SVG at its own size, on a page of 440 points, on a slide of 1280×720. Measured is every text that is seen, in CSS
pixels, how much of the place the picture takes, and each text that meets another, a line, or a border.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import pages
from benchmarks.reference import GRAPHS, NETWORKS, POOLS, drawn

__all__ = ["LEAST", "PLACES", "Measured", "Place", "chromium", "measured", "shown"]

LEAST = 10.5  # CSS pixels

MEASURE = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Place:
    """Where a picture is shown: the frame's size in CSS pixels, and how an image behaves in it."""

    fit: str
    width: int
    height: int | None = None
    style: str = "max-width: 100%; height: auto"

    @property
    def frame(self) -> str:
        """The element around the picture."""
        height = "" if self.height is None else f"height: {self.height}px;"
        return f"width: {self.width}px; {height}"


PLACES = {
    "700 px column": Place("column", 700),
    "own size": Place("column", 4000, style=""),
    "440 pt page": Place("page", 587),
    "1280×720 slide": Place("slide", 1280, 720, "width: 100%; height: 100%"),
}


@dataclass(frozen=True)
class Measured:
    """What was seen of one picture in one place; sizes in CSS pixels."""

    least: float
    texts: int
    width: float
    height: float
    overlaps: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.least:.1f}" + (" ✗" if self.least < LEAST - 0.05 else "")


@contextmanager
def chromium() -> Iterator[Any]:
    """A page of a Chromium that asks no network for anything."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 720})
        browser.close()


def measured(page: Any, svg: str, place: Place) -> Measured:
    """Show an SVG in a place, and read it."""
    svg = svg[svg.index("<svg") :]
    style = f"body {{ margin: 0 }} svg {{ {place.style} }}"
    page.set_content(f"<!doctype html><style>{style}</style><div style='{place.frame}'>{svg}</div>")
    found = page.evaluate(MEASURE)
    return Measured(**{**found, "overlaps": tuple(found["overlaps"])})


def shown(picture: Any, place: str) -> str:
    """The SVG that somebody gets there: a notebook's own, or the saved one."""
    return str(picture._repr_image_svg_xml() if place == "700 px column" else picture.svg())


def rows(page: Any, pictures: dict[str, Callable[..., Any]], *, slide: bool = True) -> Iterator[list[str]]:
    """One row for each picture: the smallest text in every place, the share of a slide, the overlaps."""
    for name, draw in pictures.items():
        seen = {at: measured(page, shown(draw(fit=place.fit), at), place) for at, place in PLACES.items()}
        last = seen["1280×720 slide"]
        share = _share(page)
        overlaps = [text for one in seen.values() for text in one.overlaps]
        yield [name, *map(str, seen.values()), f"{share:.0%}" if last.texts else "", str(len(overlaps)), *overlaps]


def _share(page: Any) -> float:
    """How much of the slide the drawing itself takes, its aspect being kept."""
    box = page.evaluate(
        "() => { const b = document.querySelector('svg').viewBox.baseVal; return [b.width, b.height]; }"
    )
    scale = min(1280 / box[0], 720 / box[1])
    return float(scale**2 * box[0] * box[1] / (1280 * 720))


def table(title: str, heads: Sequence[str], lines: Iterator[list[str]]) -> int:
    """Print a table, and below it each overlap; answers how many texts were too small or met something."""
    print(f"\n## {title}\n\n| " + " | ".join(heads) + " |\n|" + "---|" * len(heads), flush=True)
    bad, notes = 0, []
    for line in lines:
        cells, overlaps = line[: len(heads)], line[len(heads) :]
        print("| " + " | ".join(cells) + " |", flush=True)
        bad += len(overlaps) + sum("✗" in cell for cell in cells)
        notes += [f"- {cells[0]}: {text}" for text in dict.fromkeys(overlaps)]
    print("\n" + "\n".join(notes) if notes else "")
    return bad


# -- Others' pictures of the same things, where they are installed


def _micrograd_viz() -> str:
    visualize = importlib.import_module("micrograd.visualize")  # of the distribution micrograd-viz
    engine = importlib.import_module("micrograd.engine")
    from benchmarks.peers import readme_graph

    y = readme_graph(engine.Value(-4.0), engine.Value(2.0))
    y.backward()
    return str(visualize.draw_dot(y).pipe(format="svg", encoding="utf-8"))


def _torch_pool() -> tuple[Any, Any]:
    torch = importlib.import_module("torch")

    class Pool(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> Any:
            return (torch.nn.functional.max_pool1d(x, 3, 2)[0] * torch.tensor([0.7, 0.9])).sum()

    return Pool(), torch.tensor([[3.0, 0.0, 4.0, 2.0, 0.0]], requires_grad=True)


def _torchviz() -> str:
    pool, x = _torch_pool()
    dot = importlib.import_module("torchviz").make_dot(pool(x), params={"x": x})
    return str(dot.pipe(format="svg", encoding="utf-8"))


def _torchlens() -> str:
    import tempfile

    pool, x = _torch_pool()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pool")
        trace = importlib.import_module("torchlens").trace(pool, x)
        trace.draw(vis_outpath=str(path), vis_fileformat="svg", vis_save_only=True)
        return next(Path(folder).glob("*.svg")).read_text(encoding="utf-8")


PEERS: dict[str, tuple[str, Callable[[], str]]] = {
    "micrograd's README graph: micrograd-viz (values, gradients)": ("micrograd-viz", _micrograd_viz),
    "README's pool: torchviz (no numbers)": ("torchviz", _torchviz),
    "README's pool: TorchLens (no numbers)": ("torchlens", _torchlens),
}


def peers(page: Any) -> Iterator[list[str]]:
    """One row for each other tool that is here."""
    for name, (distribution, draw) in PEERS.items():
        try:
            version = importlib.metadata.version(distribution)
            svg = draw()
        except (ImportError, importlib.metadata.PackageNotFoundError) as error:
            yield [name, f"not here ({error})", "", "", ""]
            continue
        yield [f"{name} {version}", *(str(measured(page, svg, place)) for place in PLACES.values())]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; the exit code tells whether anything was too small or met something."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.legible", description=__doc__)
    parser.add_argument("--without-peers", action="store_true", help="our own pictures alone")
    parser.add_argument(
        "--pages", nargs="?", const="", metavar="NAME", help="the stepper's pages alone, or those of a name"
    )
    options = parser.parse_args(arguments)
    heads = ["picture", *PLACES, "share of the slide", "overlaps"]
    graphs = {name: lambda name=name, **place: drawn(name, **place) for name in GRAPHS}
    with chromium() as page:
        print(f"Smallest text in CSS pixels; at least {LEAST} everywhere.")
        if options.pages is not None:
            return int(table("Pages", pages.HEADS, pages.rows(page, options.pages)) > 0)
        bad = table("Graphs", heads, rows(page, graphs))
        bad += table("Pools", heads, rows(page, POOLS))
        bad += table("Networks", heads, rows(page, NETWORKS))
        bad += table("Pages", pages.HEADS, pages.rows(page))
        if not options.without_peers:
            table("Others, on the same things", heads[:-2], peers(page))
    print(f"\n{bad} texts are too small or meet something.")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
