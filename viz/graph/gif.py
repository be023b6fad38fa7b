"""All steps as an animated GIF, for places that show no SVG: laid out once, then drawn at fixed positions."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from autodiff import Steps
from viz.graph.dot import Drawing
from viz.graph.marks import font
from viz.graph.paint import Laid
from viz.graph.rows import Rows
from viz.ink.ruler import lines_of
from viz.ink.text import html, visible
from viz.layout import engines
from viz.layout.layout import POINTS_PER_INCH, Layout, Place, Point
from viz.layout.picture import DOTS_PER_INCH

__all__ = ["gif"]

HINT = "a GIF needs Pillow: pip install 'gradroute[gif]', or save an .svg, which needs nothing"
CAPTION, LEAST, ROOM = 11.0, 330.0, 26.0  # the size of the words below, their least width, half the room they have


def gif(told: Steps, shown: range, laid: Laid, rows: Rows, seconds: float, loop: bool) -> bytes:
    """The bytes of a GIF that shows these steps for so many seconds each, with a sentence below, again or once.

    ``ImportError`` says how to get Pillow where it is missing.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(HINT) from None
    rows = rows.in_theme(replace(rows.theme, has_paper=True, dark=None))
    frames = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in _frames(told, shown, laid, rows)]
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


def _frames(told: Steps, shown: range, laid: Laid, rows: Rows) -> Iterator[bytes]:
    """A PNG of each step; every box and line stands where the one layout put it."""
    places = _places(laid.layout)
    for k, now in enumerate(islice(told.snapshots(), shown[-1] + 1)):
        if k in shown:
            yield _frame(Drawing(laid.view, rows.at(now), places), told[k].sentence, laid.layout)


def _frame(drawing: Drawing, sentence: str, layout: Layout) -> bytes:
    canvas = drawing.picture(legend=False)
    wide = max(layout.width, LEAST)
    lines = "<br/>".join(html(line) for line in lines_of(visible(sentence, 200), CAPTION, wide))
    words = f"<{font(lines, drawing.look.text, CAPTION)}>"
    at = f"{layout.width / 2:g},{-layout.height - ROOM:g}"
    # As wide as the picture, so that all frames have one size, however long the sentence is.
    canvas.node(
        "caption",
        label=words,
        shape="plaintext",
        style="",
        pos=at,
        width=f"{wide / POINTS_PER_INCH:g}",
        height=f"{2 * ROOM / POINTS_PER_INCH:g}",
        fixedsize="true",
    )
    return engines.layout(canvas.source, "png", canvas.engine, canvas.timeout, dpi=DOTS_PER_INCH)


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
