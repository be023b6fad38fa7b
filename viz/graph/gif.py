"""All steps as an animated GIF, for places that show no SVG: laid out once, then drawn at fixed positions."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from autodiff import Steps
from viz.graph.drawing import Drawing, blank
from viz.graph.marks import font
from viz.graph.view import View
from viz.ink.text import html
from viz.ink.theme import Theme
from viz.layout import engines
from viz.layout.picture import DOTS_PER_INCH

__all__ = ["gif"]

HINT = "a GIF needs Pillow: pip install 'gradroute[gif]', or save an .svg, which needs nothing"
_CAPTION = 26.0  # points between the picture and the words below it


def gif(told: Steps, names: dict[int, str], theme: str | Theme, rankdir: str, seconds: float) -> bytes:
    """The bytes of a GIF that shows every step for so many seconds, with its sentence below.

    ``ImportError`` says how to get Pillow where it is missing.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(HINT) from None
    frames = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in _frames(told, names, theme, rankdir)]
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


def _frames(told: Steps, names: dict[int, str], theme: str | Theme, rankdir: str) -> Iterator[bytes]:
    """A PNG of each step; every box and line stands where the one layout put it."""
    picture, view = blank(told, names=names, rankdir=rankdir)
    layout = json.loads(engines.layout(picture.source, "json"))
    places = _places(layout)
    for k in range(len(told)):
        yield _frame(told, k, view, names, theme, rankdir, places)


def _frame(
    told: Steps, k: int, view: View, names: dict[int, str], theme: str | Theme, rankdir: str, places: dict[str, Any]
) -> bytes:
    drawing = Drawing(view, names, told.moment(k), theme, rankdir, places=places)
    canvas = drawing.picture(legend=False)
    left, bottom, right, _ = map(float, places["bb"].split(","))
    words = f"<{font(html(told[k].sentence, 110), drawing.look.text, 12)}>"
    at = f"{(left + right) / 2:g},{bottom - _CAPTION:g}"
    # As wide as the picture, so that all frames have one size, however long the sentence is.
    wide = f"{(right - left) / 72:g}"
    canvas.node("caption", label=words, shape="plaintext", style="", pos=at, width=wide, fixedsize="true")
    return engines.layout(canvas.source, "png", canvas.engine, canvas.timeout, dpi=DOTS_PER_INCH)


def _places(layout: dict[str, Any]) -> dict[str, Any]:
    """Where Graphviz put everything: by name for boxes and clusters, by id for lines."""
    places: dict[str, Any] = {"bb": layout["bb"]}
    for thing in layout.get("objects", []):
        if "pos" in thing:
            size = {"width": thing["width"], "height": thing["height"], "fixedsize": "true"}
            places[thing["name"]] = {"pos": thing["pos"], **size}
        elif "bb" in thing:
            places[thing["name"]] = {key: thing[key] for key in ("bb", "lp") if key in thing}
    for line in layout.get("edges", []):
        if "id" in line:
            places[line["id"]] = {key: line[key] for key in ("pos", "lp") if key in line}
    return places
