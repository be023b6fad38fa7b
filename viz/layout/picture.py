"""A drawing in the DOT language that shows and saves itself, with or without a system Graphviz."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import graphviz

from autodiff.files import write
from autodiff.ground.text import quoted
from viz.ink.theme import Theme, theme
from viz.layout import engines
from viz.layout.kinds import kind_of, named
from viz.layout.pdf import as_pdf
from viz.layout.shown import bundle
from viz.layout.svg import clean, fitted, in_both, labelled

__all__ = ["DOTS_PER_INCH", "TEXT_WIDTH", "Picture"]


DOTS_PER_INCH = 96


PAGE = 700.0  # points: the width of a page that a notebook is read on
TEXT_WIDTH = 440.0  # points: the width of the text of a printed page


class Picture(graphviz.Digraph):
    """A ``graphviz.Digraph`` that displays as SVG in a notebook and saves itself as SVG, PDF, PNG or DOT.

    ``look`` names the theme, ``program`` the layout ("dot", "neato", ...), ``fixed`` says that every node and edge
    carries its own position. All other arguments are those of ``graphviz.Digraph``.

    >>> picture = Picture("dark")
    >>> picture.node("n0", "hello")
    >>> "n0 [label=hello]" in picture.source
    True
    """

    def __init__(
        self,
        look: str | Theme = "light",
        program: str = "dot",
        *,
        fixed: bool = False,
        timeout: float = 30,
        advice: str = engines.ADVICE,
        dressed: bool = True,
        **digraph: Any,
    ) -> None:
        super().__init__(**{"engine": program, "format": "svg", **digraph})
        self.theme, self.timeout, self.advice = theme(look), timeout, advice
        self._after_dark: tuple[Picture, str] | None = None
        self.described = ("Picture", "")  # its name, and what it shows, for those who do not see it
        if dressed:
            self._dress(fixed)

    def _dress(self, fixed: bool) -> None:
        """Set the defaults of the theme under whatever the caller gave."""
        look = self.theme
        font = {"fontname": look.font, "fontcolor": look.text}
        # A graph that names its own layout is drawn the same by a plain `dot`, without further options.
        place = {"layout": "nop2"} if fixed else {}
        self.graph_attr = {"bgcolor": look.paper or "transparent", **font, **place, **self.graph_attr}
        self.node_attr = {**font, "color": look.node_border, **self.node_attr}
        self.edge_attr = {**font, "color": look.node_border, **self.edge_attr}

    def _copy_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        # Copies and subgraphs come through here; neither must be dressed a second time.
        copied: dict[str, Any] = super()._copy_kwargs(**kwargs)  # type: ignore[no-untyped-call]
        return {**copied, "look": self.theme, "timeout": self.timeout, "advice": self.advice, "dressed": False}

    def svg(self) -> str:
        """The picture as SVG without links, scripts or anything that names the machine.

        >>> Picture().svg()[:4]
        '<svg'
        """
        if self._after_dark is None or self._after_dark[1] != self.source:  # what a caller adds has one colour
            return self._laid_out("svg").decode()
        return labelled(in_both(self._cleaned(), self._after_dark[0]._cleaned()), *self.described)

    def follows(self, dark: Picture) -> None:
        """Look like another picture, of other colours alone, where the host is dark; PNG and DOT stay as they are."""
        self._after_dark = dark, self.source

    def png(self, scale: float = 2) -> bytes:
        """The picture as PNG, ``scale`` times the usual 96 dots per inch."""
        return self._laid_out("png", dpi=DOTS_PER_INCH * scale)

    def pdf(self, width: float = TEXT_WIDTH) -> bytes:
        """The picture as a page of PDF, ``width`` points wide, drawn so that it can be read there if that can be.

        Words are text in a font that the file holds; needs the extra ``pdf``, and ``ImportError`` says so.
        """
        if not (isinstance(width, (int, float)) and not isinstance(width, bool) and 50 <= width < float("inf")):
            raise ValueError(f"width is that of the page in points, 50 or more, got {quoted(width)}")
        return as_pdf(self._in_width(width).svg(), width, self.theme.paper)

    def _in_width(self, width: float) -> Picture:
        """The picture that is shown in a width, in points: this one, or one of the same that is narrower."""
        return self

    def save_svg(self, path: str | os.PathLike[str]) -> Path:
        """Save the picture as SVG and return where; ``OSError`` names the path when it cannot be written."""
        return write(named(path, "svg"), self.svg().encode())

    def save_png(self, path: str | os.PathLike[str], scale: float = 2) -> Path:
        """Save the picture as PNG and return where; ``OSError`` names the path when it cannot be written."""
        return write(named(path, "png"), self.png(scale))

    def save_pdf(self, path: str | os.PathLike[str], width: float = TEXT_WIDTH) -> Path:
        """Save the picture as a page of PDF, as :meth:`pdf` makes it, and return where; errors as for others."""
        return write(named(path, "pdf"), self.pdf(width))

    def save_dot(self, path: str | os.PathLike[str]) -> Path:
        """Save the DOT text and return where; ``OSError`` names the path when it cannot be written."""
        return write(named(path, "dot"), self.source.encode())

    def save(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        *,
        skip_existing: bool | None = False,
    ) -> str:
        """Save the picture as its name says, whole or not at all, and return where; folders are made.

        ``.svg``, ``.png`` and ``.pdf`` (extra ``pdf``) are pictures; ``.dot``, ``.gv`` or no ending is the DOT text,
        as ``graphviz.Digraph.save`` saves it (so that ``render`` works as there). ``ValueError`` for what cannot be
        had, with the way out.
        """
        name = os.fsdecode(self.filename if filename is None else filename)
        source = skip_existing is None  # render() asks for its source so
        kind = "dot" if source else kind_of(name, [*_PICTURES, "dot", "gv", ""], "a picture")
        if directory is not None:
            self.directory = os.fsdecode(directory)
        if kind not in _PICTURES:
            self.filename = name
        path = os.path.join(os.fsdecode(self.directory), name)
        if not (skip_existing and os.path.exists(path)):
            data = _PICTURES[kind](self) if kind in _PICTURES else "".join(self).encode(self.encoding)
            write(path, data, folders=True)
        return path

    def _laid_out(self, format: str, engine: str | None = None, dpi: float | None = None) -> bytes:
        """The picture in ``format``; SVG is cleaned whichever way it is asked for."""
        if format == "svg":
            return labelled(self._cleaned(engine, dpi), *self.described).encode()
        return engines.layout(self.source, format, engine or self.engine, self.timeout, dpi, self.advice)

    def _cleaned(self, engine: str | None = None, dpi: float | None = None) -> str:
        svg = engines.layout(self.source, "svg", engine or self.engine, self.timeout, dpi, self.advice)
        return clean(svg.decode())

    # The base class runs `dot` through these three; `pipe`, `render`, `view` and the notebook all end here.

    @property
    def _pipe_lines(self) -> Callable[..., bytes]:
        return lambda engine, format, *_, **__: self._laid_out(format, engine)

    @property
    def _pipe_lines_string(self) -> Callable[..., str]:
        return lambda engine, format, *_, encoding, **__: self._laid_out(format, engine).decode(encoding)

    @property
    def _render(self) -> Callable[..., str]:
        def render(engine: str, format: str, filepath: str, outfile: str | None = None, **options: Any) -> str:
            target = outfile or f"{filepath}.{format}"
            if options.get("raise_if_result_exists") and os.path.exists(target):
                raise graphviz.FileExistsError(f"output file exists: {quoted(os.fspath(target))}")
            return str(write(target, self._laid_out(format, engine)))

        return render

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, bytes | str]:
        try:
            shown: dict[str, bytes | str] = super()._repr_mimebundle_(include, exclude)
        except engines.LayoutError as error:
            return {"text/plain": f"{error}\n\n{self.source}"}
        if include or exclude or [*shown] != ["image/svg+xml"]:  # who chooses gets what was chosen
            return shown
        return bundle(str(shown["image/svg+xml"]), *self.described)

    def _repr_image_svg_xml(self) -> str:
        return fitted(self.svg(), PAGE)

    def __repr__(self) -> str:
        # What a notebook shows that may not show pictures; without an address, so that its files stay the same.
        return "<Picture: run it in a notebook to see it, or .save_svg(path)>"


_PICTURES: Mapping[str, Callable[[Picture], bytes]] = {
    "svg": lambda picture: picture.svg().encode(),
    "png": lambda picture: picture.png(),
    "pdf": lambda picture: picture.pdf(),
}
