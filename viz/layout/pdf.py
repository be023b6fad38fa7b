"""SVG as a PDF page: the shapes and the text that pictures are made of, with a font that is embedded.

It needs the extra ``pdf``: reportlab, which writes, and matplotlib for its DejaVu fonts alone (it is not imported).
"""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from autodiff.ground.text import quoted
from viz.layout.lettering import REGULAR, Run, State, folder, inherited, length, register, runs

__all__ = ["HINT", "as_pdf", "can_write"]

HINT = (
    "a PDF needs reportlab and matplotlib's fonts: pip install 'gradroute[pdf]'; else an installed Graphviz makes one "
    "with viz.draw(y).render(outfile='a.pdf'), and any browser prints the .svg"
)
HALO = 1.0  # points that the paper reaches beyond words that are kept clear
FIGURE = 0.74  # the height of a figure, as a share of its size
_TRANSFORM = re.compile(r"(\w+)\s*\(([^()]*)\)")
_STEP = re.compile(r"([A-Za-z])|(-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6}  # that a step of path data takes
_UNSEEN = ("title", "desc", "style", "defs", "metadata")


def can_write() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("reportlab") is not None and folder() is not None


def as_pdf(svg: str, width: float, paper: str | None = None) -> bytes:
    """One page that shows a picture, ``width`` points wide and as high as it takes.

    What is wider is shrunk, what is narrower stands in the middle at its own size. The words are text, in a font that
    the file holds; nothing in it tells of a time or a machine. ``ImportError`` says what to install, ``ValueError``
    which element of the SVG a page cannot have.
    """
    if not can_write():
        raise ImportError(HINT)
    from reportlab.pdfgen.canvas import Canvas

    register()
    root = ElementTree.fromstring(svg)
    left, top, wide, high = (float(part) for part in root.attrib["viewBox"].split())
    own = float(re.sub(r"[a-z]+$", "", root.attrib.get("width", f"{wide:g}")))
    scale = min(own, width) / wide
    out, size = io.BytesIO(), (width, high * scale)
    canvas = Canvas(out, pagesize=size, invariant=1, pageCompression=1, initialFontName=REGULAR)
    _sign(canvas, next((part.text or "" for part in root if _kind(part) == "title"), ""))
    if paper not in (None, "none", "transparent"):
        canvas.setFillColor(_ink(paper or ""))
        canvas.rect(0, 0, *size, stroke=0, fill=1)
    canvas.translate((width - wide * scale) / 2, size[1])
    canvas.scale(scale, -scale)  # SVG counts y downwards
    canvas.translate(-left, -top)
    _Page(canvas).draw(root, {})
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _sign(canvas: Any, title: str) -> None:
    """Say what the page shows, and nothing of when and where it was made."""
    from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFString

    told = PDFDictionary({"Title": PDFString(title or "gradroute"), "Producer": PDFString("gradroute")})
    canvas._doc.info.format = told.format


def _kind(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _ink(colour: str) -> Any:
    from reportlab.lib.colors import toColor

    return toColor(colour)


@dataclass
class _Page:
    canvas: Any

    def draw(self, element: ElementTree.Element, around: State) -> None:
        """An element and all in it; what it does not say holds as it does around it."""
        kind = _kind(element)
        state = inherited(element.attrib, around)
        if kind in _UNSEEN or state.get("opacity") == "0":
            return
        with self._moved(element.attrib.get("transform", "")):
            match kind:
                case "svg" | "g" | "a":
                    for part in element:
                        self.draw(part, state)
                case "text":
                    self._words(element, state)
                case _:
                    self._shape(kind, element.attrib, state)

    @contextmanager
    def _moved(self, transform: str) -> Iterator[None]:
        if not transform:
            yield
            return
        self.canvas.saveState()
        for name, told in _TRANSFORM.findall(transform):
            numbers = [float(x) for x in re.split(r"[\s,]+", told.strip())]
            match name:
                case "translate":
                    self.canvas.translate(numbers[0], numbers[1] if len(numbers) > 1 else 0.0)
                case "scale":
                    self.canvas.scale(numbers[0], numbers[-1])
                case "rotate" if len(numbers) == 1:
                    self.canvas.rotate(numbers[0])
                case _:
                    raise ValueError(f"a PDF is not turned by {name}({told})")
        yield
        self.canvas.restoreState()

    def _shape(self, kind: str, told: Mapping[str, str], state: State) -> None:
        canvas, path = self.canvas, self.canvas.beginPath()
        number = {name: length(text) for name, text in told.items() if re.fullmatch(r"-?[\d.]+(?:p[tx])?", text)}
        match kind:
            case "path":
                _trace(path, told["d"])
            case "polygon" | "polyline":
                points = [float(x) for x in re.split(r"[\s,]+", told["points"].strip())]
                path.moveTo(*points[:2])
                for x, y in zip(points[2::2], points[3::2], strict=True):
                    path.lineTo(x, y)
                if kind == "polygon":
                    path.close()
            case "rect":
                place = number.get("x", 0.0), number.get("y", 0.0), number["width"], number["height"]
                round_by = min(number.get("rx", number.get("ry", 0.0)), place[2] / 2, place[3] / 2)
                path.roundRect(*place, round_by) if round_by else path.rect(*place)
            case "circle" | "ellipse":
                across, down = number.get("rx", number.get("r", 0.0)), number.get("ry", number.get("r", 0.0))
                x, y = number.get("cx", 0.0), number.get("cy", 0.0)
                path.ellipse(x - across, y - down, 2 * across, 2 * down)
            case "line":
                path.moveTo(number.get("x1", 0.0), number.get("y1", 0.0))
                path.lineTo(number.get("x2", 0.0), number.get("y2", 0.0))
            case _:
                raise ValueError(f"a PDF has no <{kind}> of an SVG: save it as .svg")
        stroke, fill = self._pen(state), self._fill(state)
        if stroke or fill:
            canvas.drawPath(path, stroke=stroke, fill=fill)

    def _pen(self, state: State) -> int:
        ink, wide = state.get("stroke", "none"), length(state.get("stroke-width", "1"))
        if ink in ("none", "transparent") or not wide:
            return 0
        self.canvas.setStrokeColor(_ink(ink))
        self.canvas.setStrokeAlpha(float(state.get("opacity", "1")))
        self.canvas.setLineWidth(wide)
        dashes = state.get("stroke-dasharray", "none")
        self.canvas.setDash([] if dashes == "none" else [float(x) for x in re.split(r"[\s,]+", dashes.strip())])
        return 1

    def _fill(self, state: State) -> int:
        ink = state.get("fill", "#000000")
        if ink in ("none", "transparent"):
            return 0
        self.canvas.setFillColor(_ink(ink))
        self.canvas.setFillAlpha(float(state.get("opacity", "1")))
        return 1

    def _words(self, element: ElementTree.Element, state: State) -> None:
        said = list(runs(element, state))
        x, y = (length(element.attrib.get(name, "0")) for name in ("x", "y"))
        share = {"middle": 0.5, "end": 1.0}.get(state.get("text-anchor", "start"), 0.0)
        x -= share * sum(run.width for run in said)
        if "paint-order" in element.attrib:
            self._keep_clear(said, x, y, element.attrib["stroke"])
        for run in said:
            x, y = x if run.at is None else run.at, y + run.down
            if self._fill({"fill": "#000000", **run.state, "stroke": "none"}) and run.text.strip():
                self._write(run, x, y)
            x += run.width

    def _keep_clear(self, said: list[Run], x: float, y: float, paper: str) -> None:
        """Words with a halo stand on paper: to write them twice would have them read twice."""
        high = FIGURE * max(run.size for run in said)
        wide = sum(run.width for run in said)
        self.canvas.setFillColor(_ink(paper))
        self.canvas.rect(x - HALO, y - high - HALO, wide + 2 * HALO, high + 2 * HALO, stroke=0, fill=1)

    def _write(self, run: Run, x: float, y: float) -> None:
        canvas = self.canvas
        canvas.saveState()
        canvas.transform(1, 0, 0, -1, x, y)
        text = canvas.beginText(0, 0)
        text.setFont(run.font, run.size)
        text.setHorizScale(100 * run.width / run.natural)
        text.textOut(run.text)
        canvas.drawText(text)
        canvas.restoreState()


def _trace(path: Any, data: str) -> None:
    """The path of an SVG's path data: straight lines and cubic curves between absolute points."""
    word, numbers, at = "", list[float](), (0.0, 0.0)
    for letter, number in _STEP.findall(data):
        if letter:
            word = letter
            if word in "Zz":
                path.close()
            continue
        numbers.append(float(number))
        if word not in _NUMBERS:
            raise ValueError(f"a PDF's path has no {quoted(word)} of an SVG: save it as .svg")
        if len(numbers) < _NUMBERS[word]:
            continue
        at = (at[0] if word == "V" else numbers[-2 if word in "MLC" else 0], at[1] if word == "H" else numbers[-1])
        match word:
            case "M":
                path.moveTo(*at)
                word = "L"
            case "C":
                path.curveTo(*numbers)
            case _:
                path.lineTo(*at)
        numbers = []
