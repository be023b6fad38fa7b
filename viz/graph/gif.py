"""All steps as an animated GIF, for places that show no SVG: laid out once, then drawn at fixed positions."""

from __future__ import annotations

import io
from collections.abc import Iterator

from autodiff import Steps
from viz.graph.dot import Drawing
from viz.graph.marks import font
from viz.graph.paint import Laid
from viz.graph.rows import Rows, Style
from viz.ink.text import html
from viz.ink.theme import Theme
from viz.layout import engines
from viz.layout.layout import POINTS_PER_INCH, Layout, Place, Point
from viz.layout.picture import DOTS_PER_INCH

__all__ = ["gif"]

HINT = "a GIF needs Pillow: pip install 'gradroute[gif]', or save an .svg, which needs nothing"
_CAPTION = 26.0  # points between the picture and the words below it


def gif(told: Steps, laid: Laid, theme: Theme, style: Style, seconds: float) -> bytes:
    """The bytes of a GIF that shows every step for so many seconds, with its sentence below.

    ``ImportError`` says how to get Pillow where it is missing.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(HINT) from None
    frames = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in _frames(told, laid, theme, style)]
    size = max(frame.width for frame in frames), max(frame.height for frame in frames)
    even = []
    for frame in frames:
        paper = Image.new("RGB", size, frame.getpixel((0, 0)))
        paper.paste(frame, (0, 0))
        even.append(paper)
    times = [round(1000 * seconds)] * len(even)
    times[-1] *= 3
    out = io.BytesIO()
    even[0].save(out, "GIF", save_all=True, append_images=even[1:], duration=times, loop=0, optimize=True)
    return out.getvalue()


def _frames(told: Steps, laid: Laid, theme: Theme, style: Style) -> Iterator[bytes]:
    """A PNG of each step; every box and line stands where the one layout put it."""
    places = _places(laid.layout)
    for k in range(len(told)):
        drawing = Drawing(laid.view, Rows(told.graph, told.snapshot(k), laid.labels, theme, style), places)
        yield _frame(drawing, told[k].sentence, laid.layout)


def _frame(drawing: Drawing, sentence: str, layout: Layout) -> bytes:
    canvas = drawing.picture(legend=False)
    words = f"<{font(html(sentence, 110), drawing.look.text, 12)}>"
    at = f"{layout.width / 2:g},{-layout.height - _CAPTION:g}"
    # As wide as the picture, so that all frames have one size, however long the sentence is.
    wide = f"{layout.width / POINTS_PER_INCH:g}"
    canvas.node("caption", label=words, shape="plaintext", style="", pos=at, width=wide, fixedsize="true")
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
