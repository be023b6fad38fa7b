"""``python -m viz``: the pictures of a gradient on its way through max pooling, written into a folder."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from autodiff import Graph, Value, expression
from autodiff.ground.text import letter, quoted
from autodiff.pooling import plan
from viz import _neighbours
from viz.demo.digits import digit
from viz.demo.folder import Folder
from viz.demo.network import CONVOLUTION, Pool, digit_network, grid_of, pooled, rectified, telling
from viz.demo.sentences import largest_sentence, leaf_sentences, off_sentences, pool_sentences, weights_sentence
from viz.demo.sheets import digit_sheet
from viz.demo.typed import assignments, numbers, one_number, upstream
from viz.graph.drawing import draw
from viz.ink.text import visible
from viz.ink.theme import Theme, numeral, theme
from viz.layout.engines import LayoutError
from viz.layout.picture import Picture
from viz.nets.whole import network
from viz.page.stepper import Stepper, step
from viz.pools.grids import picture
from viz.pools.reading import require_readable

PAGE = "steps.html"
WORDS = {
    "network": "the whole network, values above, where the gradient goes below",
    "pool": "the pool, its windows, whom each chose, what comes back",
    "graph": "node by node, and what each hands to whom",
}
LONGEST = 2000  # characters of a line that is printed
MANY = 16  # cells of a window, of which each is a line; one of more is folded, as nobody reads so many


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        dash = " (write what begins with '-' as --grid='-1 2', an expression as '(-a)')"
        taken = message.startswith("unrecognized") or ("expected one argument" in message and "digit" not in message)
        raise ValueError(message + dash * taken)


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
    parser.add_argument("--digit", type=int, help="which handwritten digit, 0 to 9 (default 4)")
    parser.add_argument("--grid", help="numbers to pool instead, rows separated by ';'")
    parser.add_argument("--kernel", type=int, help="the pool's kernel_size (default 3)")
    parser.add_argument("--stride", type=int, help="the pool's stride (default 2, so that windows overlap)")
    parser.add_argument("--padding", type=int, help="the pool's padding (default 0)")
    parser.add_argument("--upstream", help="the gradients that arrive at the outputs, as rows of numbers like --grid's")
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
        print(f"{_called()}: {visible(str(error), LONGEST)}", file=sys.stderr)
        return 2


def _say(*lines: str) -> None:
    """Print lines; nothing that came from outside does more on a terminal than be read."""
    try:
        for line in lines:
            print(visible(line, LONGEST))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough, as `head` has; the files are written all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse_mixtures(options: argparse.Namespace) -> None:
    """Options that would have no effect are a mistake worth a sentence."""
    pooling = [name for name in ("digit", "grid", "kernel", "stride", "padding") if getattr(options, name) is not None]
    if options.expression is not None and pooling:
        raise ValueError(f"an expression is drawn as it is: --{pooling[0]} does not go with it")
    if options.digit is not None and options.grid is not None:
        raise ValueError("--digit and --grid exclude each other: which of them is to be pooled?")


def _draw_expression(options: argparse.Namespace) -> None:
    output = expression(options.expression, **assignments(options.values))
    output.name = output.name or "result"
    output.backward(1.0 if options.upstream is None else one_number(options.upstream))
    graph = draw(output, theme=options.theme, names=False)
    _say(f"{options.expression} = {numeral(output.data)}", "", *leaf_sentences(Graph(output)), "")
    with Folder(_folder(options.out)) as folder:
        _write(folder, {"graph": graph})
        _write_page(folder, step(output, names=False, theme=options.theme))


def _draw_pool(options: argparse.Namespace) -> None:
    which = None if options.grid is not None else 4 if options.digit is None else options.digit
    image = numbers(options.grid, "--grid") if which is None else digit(which)
    pool, weights = _pool(options, image, which is not None)
    look = theme(options.theme)
    source = "your grid" if which is None else f"digit {which}, convolution, relu"
    _say(f"{source}, max pool {_size(pool)}, stride {pool.settings['stride']}: score {numeral(pool.score.data)}", "")
    _say(*_story(pool, weights, options.upstream is not None))
    pictures = {} if which is None else {"network": network(pool.score, fit="slide", theme=look)}
    if which is not None:
        _say(*off_sentences(pool.cells, pool.routes()), pictures["network"].described[1])
    _say("")
    pictures |= {"pool": picture(pool.routes(), look), "graph": _graph(pool, which is not None, look)}
    with Folder(_folder(options.out)) as folder:
        sheet = None if which is None else folder.save("digit.svg", digit_sheet(which, look))
        _write(folder, pictures)
        if sheet:
            _say(f"wrote {sheet}: the digit, its convolution, and relu of that")
        _write_page(folder, _stepper(pool, which is not None, weights, options.theme))


def _pool(options: argparse.Namespace, image: list[list[float]], is_digit: bool) -> tuple[Pool, list[float]]:
    """The pool that is asked for, differentiated, and the weights of its outputs."""
    flat = len(image) == 1
    settings = _settings(options, image, is_digit)
    geometry = plan(image[0] if flat else image, 1 if flat else 2, **settings, dilation=1, ceil=False)
    require_readable(geometry)
    weights = upstream(options.upstream, geometry.shape.rows.count, geometry.shape.columns.count)
    if is_digit:
        pool = digit_network(image, weights, **settings)
    else:
        cells: Any = [Value(x, f"x{i}") for i, x in enumerate(image[0])] if flat else grid_of(image, "x")
        pool = pooled(cells, weights, **settings)
    pool.score.backward()
    return pool, weights


def _story(pool: Pool, weights: list[float], own: bool) -> Iterator[str]:
    yield "(row,column) counts from 0; windows are lettered row by row."
    yield weights_sentence(weights, pool.windows(), own)
    rows = [pool.cells] if isinstance(pool.cells[0], Value) else pool.cells
    routes = pool.routes()
    if told := largest_sentence([[cell.data for cell in row] for row in rows], routes):
        yield told
    yield from pool_sentences(routes)


def _graph(pool: Pool, is_digit: bool, look: Theme) -> Picture:
    """The graph of a score; of a digit, too large for that, the way back from one of the pool's outputs."""
    if not is_digit:
        return draw(pool.score, theme=look, names=False)
    window = telling(pool)
    output = pool.windows()[window.number]
    output.backward(window.upstream or 0.0)
    folded = [CONVOLUTION, f"window {letter(window.number)}"][: 1 + (len(window.cells) > MANY)]
    return draw(output, theme=look, names=False, collapse=folded)


def _stepper(pool: Pool, is_digit: bool, weights: Sequence[float], look: str) -> Stepper:
    """The page of a score; of a digit from the convolution's sums on, the windows folded."""
    if is_digit:
        sums = [[cell.parents[0].data for cell in row] for row in pool.cells]
        pool = pooled(rectified(grid_of(sums, "s")), weights, **pool.settings)
    windows = [f"window {letter(k)}" for k in range(len(pool.windows()))] if is_digit else False
    return step(pool.score, grid=pool.outputs, names=False, theme=look, collapse=windows)


def _settings(options: argparse.Namespace, image: list[list[float]], is_digit: bool) -> dict[str, Any]:
    kernel: Any = 3 if options.kernel is None else options.kernel
    if options.kernel is None and not is_digit:  # a small grid gets windows that fit it
        kernel = min(3, len(image[0])) if len(image) == 1 else (min(3, len(image)), min(3, len(image[0])))
    stride = 2 if options.stride is None else options.stride
    return {"kernel_size": kernel, "stride": stride, "padding": options.padding or 0}


def _size(pool: Pool) -> str:
    kernel, flat = pool.settings["kernel_size"], isinstance(pool.cells[0], Value)
    down, across = (kernel, kernel) if isinstance(kernel, int) else kernel
    return str(across) if flat else f"{down}×{across}"


def _folder(path: str) -> Path:
    """The folder to write into, made if it is not there."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"--out must be a folder that can be written to, got {quoted(path)}: {error.strerror}") from None
    return folder


def _write(folder: Folder, pictures: Mapping[str, Picture]) -> None:
    for name, drawing in pictures.items():
        folder.keep(drawing.save_dot(folder.path / f"{name}.dot"))  # first: the text is there even where no layout is
    # Every SVG before any PNG: grids need no engine for theirs.
    saved = [
        [folder.keep(picture.save(folder.path / f"{name}.{kind}")) for name, picture in pictures.items()]
        for kind in ("svg", "png")
    ]
    for name, *paths in zip(pictures, *saved, strict=True):
        _say(f"wrote {' and '.join(map(str, paths))}: {WORDS[name]}")


def _write_page(folder: Folder, page: Stepper) -> None:
    opened = folder.keep(page.save(folder.path / PAGE))
    _say(f"wrote {opened}: open it in a browser, and step through all of it")


def command() -> int:
    """Run the command as a program of its own: ``gradroute``, or ``python -m viz``."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no × is no reason to fail
    warnings.showwarning = lambda message, *_, **__: print(f"{_called()}: {message}", file=sys.stderr)
    return main()


if __name__ == "__main__":
    sys.exit(command())
