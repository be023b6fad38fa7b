"""``python -m viz``: the pictures of a gradient on its way through max pooling, written into a folder."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from autodiff import Graph, Value, Window, expression
from autodiff.pooling import plan
from viz import _neighbours
from viz.demo.digits import digit
from viz.demo.network import CONVOLUTION, Pool, digit_network, grid_of, pooled, telling
from viz.demo.sentences import leaf_sentences, pool_sentences
from viz.graph.drawing import draw
from viz.ink.theme import numeral
from viz.layout.engines import LayoutError
from viz.layout.picture import Picture
from viz.pools.grids import picture, require_readable


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        dash = " (write what begins with '-' as --grid='-1 2', an expression as '(-a)')"
        raise ValueError(message + dash * message.startswith(("unrecognized", "argument --grid: expected")))


def _called() -> str:
    """What the command is called: it is a module and, where the package is installed, a program."""
    return "gradroute" if Path(sys.argv[0]).stem.startswith("gradroute") else "python -m viz"


def _parser() -> argparse.ArgumentParser:
    called = _called()
    parser = _Parser(
        prog=called,
        description="Draw how the gradient passes through max pooling: of a handwritten digit, of a grid of your "
        "own, or of an expression.",
        epilog=f"examples:  {called} --digit 7   |   {called} --grid '3 0 4 2 0'   |   "
        f"{called} 'max(a*b, c) + a' a=2 b=-3 c=10",
    )
    parser.add_argument("expression", nargs="?", help="a formula to draw instead, such as 'max(a*b, c) + a'")
    parser.add_argument("values", nargs="*", metavar="name=number", help="the numbers of its names")
    parser.add_argument("--digit", type=int, help="which handwritten digit, 0 to 9 (default 3)")
    parser.add_argument("--grid", help="numbers to pool instead, rows separated by ';'")
    parser.add_argument("--kernel", type=int, help="the pool's kernel_size (default 3)")
    parser.add_argument("--stride", type=int, help="the pool's stride (default 2, so that windows overlap)")
    parser.add_argument("--padding", type=int, help="the pool's padding (default 0)")
    parser.add_argument("--theme", choices=["light", "dark"], default="light", help="the look (default light)")
    parser.add_argument("--out", default="out", metavar="FOLDER", help="where to write (default out/)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when all was written, 2 with one sentence on what was wrong."""
    _neighbours.need("viz")
    try:
        options = _parser().parse_intermixed_args(arguments)
        _refuse_mixtures(options)
        _folder(options.out)
        if options.expression is not None:
            _draw_expression(options)
        else:
            _draw_pool(options)
        return 0
    except (ValueError, TypeError, OverflowError, OSError, LayoutError) as error:
        print(f"{_called()}: {error}", file=sys.stderr)
        return 2


def _refuse_mixtures(options: argparse.Namespace) -> None:
    """Options that would have no effect are a mistake worth a sentence."""
    pooling = [name for name in ("digit", "grid", "kernel", "stride", "padding") if getattr(options, name) is not None]
    if options.expression is not None and pooling:
        raise ValueError(f"an expression is drawn as it is: --{pooling[0]} does not go with it")
    if options.digit is not None and options.grid is not None:
        raise ValueError("--digit and --grid exclude each other: which of them is to be pooled?")


def _draw_expression(options: argparse.Namespace) -> None:
    output = expression(options.expression, **_assignments(options.values))
    output.name = output.name or "result"
    output.backward()
    graph = draw(output, theme=options.theme, names=False)
    print(f"{options.expression} = {numeral(output.data)}\n")
    _write(options, graph=graph)
    print("\n".join(leaf_sentences(Graph(output))))


def _assignments(texts: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in map(_assignment, texts):
        if name in found:
            raise ValueError(f"'{name}' is given two numbers, {numeral(found[name])} and {numeral(value)}")
        found[name] = value
    return found


def _assignment(text: str) -> tuple[str, float]:
    name, sign, digits = text.partition("=")
    try:
        if sign and name.strip().isidentifier():
            return name.strip(), float(digits)
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not of the form name=number, such as a=2")


def _draw_pool(options: argparse.Namespace) -> None:
    which = 3 if options.digit is None else options.digit
    numbers = None if options.grid is None else _numbers(options.grid)
    settings = _settings(options, numbers)
    cells: Any = digit(which) if numbers is None else numbers[0] if len(numbers) == 1 else numbers
    flat = numbers is not None and len(numbers) == 1
    require_readable(plan(cells, 1 if flat else 2, **settings, dilation=1, ceil=False))
    pool = _network(numbers, which, settings)
    pool.score.backward()
    source = "your grid" if numbers else f"digit {which}, convolution, relu"
    size = f"{_size(pool)}, stride {settings['stride']}"
    grid = picture(pool.routes(), options.theme)
    if numbers is None:
        graph = _one_output(_network(None, which, settings), telling(pool), options.theme)
    else:
        graph = draw(pool.score, theme=options.theme, names=False)
    print(f"{source}, max pool {size}: score {numeral(pool.score.data)}\n")
    _write(options, pool=grid, graph=graph)
    print("(row,column) counts from 0; windows are numbered row by row.")
    print("\n".join(pool_sentences(pool.routes())))


def _one_output(pool: Pool, window: Window, look: str) -> Picture:
    """The gradient of one of the pool's outputs on its way to the cell that won, the convolution folded."""
    output = pool.windows()[window.number]
    output.backward(window.upstream or 0.0)
    return draw(output, theme=look, names=False, collapse=CONVOLUTION)


def _network(numbers: list[list[float]] | None, which: int, settings: dict[str, Any]) -> Pool:
    if numbers is None:
        return digit_network(digit(which), **settings)
    cells: Any = grid_of(numbers, "x")
    if len(numbers) == 1:
        cells = [Value(x, f"x{i}") for i, x in enumerate(numbers[0])]
    return pooled(cells, **settings)


def _settings(options: argparse.Namespace, numbers: list[list[float]] | None) -> dict[str, Any]:
    kernel: Any = 3 if options.kernel is None else options.kernel
    if options.kernel is None and numbers is not None:  # a small grid gets windows that fit it
        kernel = min(3, len(numbers[0])) if len(numbers) == 1 else (min(3, len(numbers)), min(3, len(numbers[0])))
    stride = 2 if options.stride is None else options.stride
    return {"kernel_size": kernel, "stride": stride, "padding": options.padding or 0}


def _size(pool: Pool) -> str:
    kernel, flat = pool.settings["kernel_size"], isinstance(pool.cells[0], Value)
    down, across = (kernel, kernel) if isinstance(kernel, int) else kernel
    return str(across) if flat else f"{down}×{across}"


def _numbers(text: str) -> list[list[float]]:
    rows = [row.replace(",", " ").split() for row in text.split(";") if row.strip()]
    try:
        numbers = [[float(entry) for entry in row] for row in rows]
    except ValueError as error:
        raise ValueError(f"--grid takes numbers, rows separated by ';', such as '3 0 4; 2 0 1': {error}") from None
    if not numbers:
        raise ValueError("--grid takes numbers, rows separated by ';', such as '3 0 4; 2 0 1'; got none")
    return numbers


def _folder(path: str) -> Path:
    """The folder to write into, made if it is not there."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"--out must be a folder that can be written to, got {path!r}: {error.strerror}") from None
    return folder


def _write(options: argparse.Namespace, **pictures: Picture) -> None:
    folder = _folder(options.out)
    for name, drawing in pictures.items():
        drawing.save_dot(folder / f"{name}.dot")  # first, so that the text is there even where no layout is
    for name, drawing in pictures.items():
        paths = [drawing.save_svg(folder / f"{name}.svg"), drawing.save_png(folder / f"{name}.png")]
        print("wrote " + " and ".join(map(str, paths)))
    print()


def command() -> int:
    """Run the command as a program of its own: ``gradroute``, or ``python -m viz``."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no × is no reason to fail
    return main()


if __name__ == "__main__":
    sys.exit(command())
