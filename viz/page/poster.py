"""What stands where the page is not let in: a sentence and a picture of the last step, as a film has its poster."""

from __future__ import annotations

from viz.graph.description import described
from viz.graph.legend import entries
from viz.graph.paint import Laid, Painter
from viz.graph.rows import Rows
from viz.graph.sheet import sheet
from viz.layout.place import Place
from viz.layout.shown import image
from viz.page.style import legible

__all__ = ["LARGEST", "poster"]

LARGEST = 150_000  # characters of a picture: a larger one would make a notebook heavy, and is left out
SENTENCE = (
    "This is the last step. To step through the graph, trust the notebook (in JupyterLab: “Trust Notebook” among the "
    "commands) or run its cell: the page that does it stands in a frame, and none is let in here."
)


def poster(laid: Laid, rows: Rows, legend: bool = True) -> str:
    """Markup that survives where frames, scripts and styles are taken out: a sentence, and an image of a moment.

    The image is as large as is needed to read it, and left out if it has more than ``LARGEST`` characters.
    """
    svg = sheet(Painter(laid, [rows]), entries(laid.view, rows) if legend else [], Place(laid.layout.width).scale)
    wide = legible(rows.theme) * float(svg.partition('width="')[2].partition("pt")[0])
    shown = image(svg, " ".join(described(laid.view, rows)), wide)
    return f"<p>{SENTENCE}</p>" + ("" if len(shown) > LARGEST else shown)
