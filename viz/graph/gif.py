"""All steps as an animated GIF, for places that show no SVG: laid out once, then drawn at fixed positions."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from autodiff import Steps
from viz.graph.dot import Drawing
from viz.graph.legend import Entry, arranged, joined
from viz.graph.marks import NOTHING, SAMPLES, font
from viz.graph.paint import Laid
from viz.graph.rows import Rows
from viz.ink.ruler import lines_of
from viz.ink.text import html, visible
from viz.ink.theme import Theme
from viz.layout import engines
from viz.layout.layout import POINTS_PER_INCH, Layout, Place, Point
from viz.layout.picture import DOTS_PER_INCH

__all__ = ["gif"]

HINT = "a GIF needs Pillow: pip install 'gradroute[gif]', or save an .svg, which needs nothing"
CAPTION, LEAST, LEAD = 11.0, 330.0, 1.35  # the size of the words below, their least width, and from line to line


def gif(told: Steps, shown: Sequence[int], laid: Laid, rows: Rows, seconds: float, loop: bool, legend: bool) -> bytes:
    """The bytes of a GIF that shows these steps for so many seconds each, with a sentence below, again or once.

    ``ImportError`` says how to get Pillow where it is missing.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(HINT) from None
    rows = rows.in_theme(replace(rows.theme, has_paper=True, dark=None))
    frames = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in _frames(told, shown, laid, rows, legend)]
    size = max(frame.width for frame in frames), max(frame.height for frame in frames)
    even = []
    for frame in frames:
        paper = Image.new("RGB", size, frame.getpixel((0, 0)))
        paper.paste(frame, (0, 0))
        even.append(paper)
    times = [round(1000 * seconds)] * len(even)
    times[-1] *= 3
    out = io.BytesIO()
    again = {"loop": 0} if loop else {}
    even[0].save(out, "GIF", save_all=True, append_images=even[1:], duration=times, optimize=True, **again)
    return out.getvalue()


def _frames(told: Steps, shown: Sequence[int], laid: Laid, rows: Rows, legend: bool) -> Iterator[bytes]:
    """A PNG of each step; every box and line stands where the one layout put it."""
    places, wide = _places(laid.layout), max(laid.layout.width, LEAST)
    ends = (rows, rows.at(told.snapshot(shown[0])))
    below = _legend(joined(laid.view, ends, legend), rows.theme, wide)
    sentences = {k: lines_of(visible(told[k].sentence, 200), CAPTION, wide) for k in shown}
    most = max(map(len, sentences.values()))
    for k, now in enumerate(islice(told.snapshots(), shown[-1] + 1)):
        if k in shown:
            words = [font(html(line, 200) or NOTHING, rows.theme.text, CAPTION) for line in sentences[k]]
            lines = [*below, *words, *[NOTHING] * (most - len(words))]  # all frames have one size
            yield _frame(Drawing(laid.view, rows.at(now), places), lines, laid.layout)


def _frame(drawing: Drawing, lines: Sequence[str], layout: Layout) -> bytes:
    canvas = drawing.picture(legend=False)
    # As wide as the picture, so that all frames have one size, however long the sentence is.
    wide, high = max(layout.width, LEAST), (len(lines) + 1) * LEAD * CAPTION
    size = {"width": f"{wide / POINTS_PER_INCH:g}", "height": f"{high / POINTS_PER_INCH:g}", "fixedsize": "true"}
    at = f"{layout.width / 2:g},{-layout.height - high / 2:g}"
    canvas.node("caption", label=f"<{'<br/>'.join(lines)}>", shape="plaintext", style="", pos=at, **size)
    return engines.layout(canvas.source, "png", canvas.engine, canvas.timeout, dpi=DOTS_PER_INCH)


def _legend(entries: Sequence[Entry], theme: Theme, wide: float) -> list[str]:
    """The markup of the legend, line by line."""
    rows: dict[float, list[str]] = {}
    for entry, _, y in arranged(entries, theme.small_size, (wide, 0.0), lambda size: -size[0]).entries:
        words = f"{SAMPLES.get(entry.line, '')}{html(entry.text)}"
        rows.setdefault(y, []).append(font(words, entry.ink, theme.small_size))
    return ["&#160; &#160; ".join(row) for row in rows.values()]


def _places(layout: Layout) -> dict[str, dict[str, str]]:
    """A layout as attributes: of boxes and clusters by name, of lines by id. Graphviz counts y upwards."""
    places = {}
    for name, box in layout.boxes.items():
        size = {"width": f"{box.width / POINTS_PER_INCH:g}", "height": f"{box.height / POINTS_PER_INCH:g}"}
        places[name] = {"pos": _point((box.middle, box.y + box.height / 2)), **size, "fixedsize": "true"}
    for name, box in layout.clusters.items():
        bounds = f"{_point((box.x, box.y + box.height))},{_point((box.x + box.width, box.y))}"
        places[name] = {"bb": bounds, "lp": _label(box.words[0])}
    for name, curve in layout.lines.items():
        points = f"s,{_point(curve.tip)} {' '.join(map(_point, curve.points))}"
        places[name] = {"pos": points} | ({"lp": _label(curve.words)} if curve.words else {})
    return places


def _point(point: Point) -> str:
    return f"{point[0]:g},{-point[1] + 0.0:g}"


def _label(place: Place) -> str:
    """The middle of a word, as Graphviz wants it; its baseline lies two fifths of its size below."""
    return _point((place.middle, place.y - 0.4 * place.size))
