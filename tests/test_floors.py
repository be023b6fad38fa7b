"""Imports run down the floors only.

The table below is the plan of the house. A module may import modules of lower floors, and modules of its own floor as
long as no cycle arises. Imports inside functions and under TYPE_CHECKING count like all others.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A row holds for a module and, where it is a package (a room), for everything in it.
FLOORS: dict[str, int] = {
    "autodiff.ground": 0,  # text, and what others give
    "autodiff.files": 0,  # a whole file or none
    "autodiff.language": 0,  # what a formula is
    "autodiff.habits": 0,  # what people bring, and how it is answered
    "autodiff.table": 0,  # what an operation is
    "autodiff.recording": 1,  # running Python becomes a graph
    "autodiff.functions": 2,
    "autodiff.expressions": 2,
    "autodiff.writing": 2,  # a graph as text
    "autodiff.graph": 2,
    "autodiff.optim": 2,
    "autodiff.pooling": 3,
    "autodiff.derivatives": 3,  # derivatives as Values
    "autodiff.architecture": 4,  # which node is which cell of which layer
    "autodiff.facts": 4,  # what happened
    "autodiff.programs": 4,  # the graph as a program
    "autodiff.nn": 5,
    "autodiff": 6,  # what users import
    "viz._neighbours": 7,  # other distributions of our names
    "viz.ink": 7,  # what everything is drawn with
    "viz.layout": 8,  # where everything stands
    "viz.graph": 9,  # pictures of a graph
    "viz.pools": 9,  # pictures of a pool
    "viz.page": 10,
    "viz.pairs": 11,  # two pictures beside each other
    "viz.nets": 10,  # a whole network on one picture
    "viz.netpage": 11,  # a page that goes into a network
    "viz.demo": 11,
    "viz": 12,
    "viz.__main__": 13,
}

# What may be imported from outside: by every module, and only inside functions or for type checking.
REQUIRED: dict[str, set[str]] = {"autodiff": set(), "viz": {"graphviz"}}
OPTIONAL: dict[str, set[str]] = {
    "autodiff": {"numpy", "numba", "torch"},
    "viz": {"numpy", "numba", "IPython", "anywidget", "PIL", "reportlab"},
}


# Modules that exist for an optional library: only loaded when it is asked for, so they may import it at once.
GUESTS: dict[str, set[str]] = {
    "autodiff.programs.arrays": {"numpy"},
    "autodiff.programs.backends.numpy": {"numpy"},
    "autodiff.programs.backends.numba": {"numpy"},
    "autodiff.programs.backends.caching": {"numba"},
    "autodiff.programs.backends.fast": {"numba"},
    "autodiff.programs.backends.kernel": {"numpy", "numba"},
    "autodiff.programs.backends.elementwise": {"numpy"},
    "autodiff.programs.backends.fused": {"numpy", "numba"},
    "autodiff.programs.backends.lanes": {"numba", "llvmlite"},
    "autodiff.programs.backends.steps": {"numba", "llvmlite"},
    "viz.page.widget": {"anywidget", "traitlets"},
}


class Import(NamedTuple):
    """``target`` is a dotted name; ``lazy`` says that importing the module does not yet import it."""

    target: str
    line: int
    lazy: bool


def modules(root: Path) -> dict[str, Path]:
    """Every module of the two packages, by its dotted name."""
    paths = sorted(path for package in REQUIRED for path in (root / package).rglob("*.py"))
    return {dotted(path.relative_to(root)): path for path in paths}


def dotted(path: Path) -> str:
    return ".".join(path.parts[:-1] if path.stem == "__init__" else path.with_suffix("").parts)


def floor(module: str) -> int:
    """The floor of the longest listed name; the two packages themselves speak for their ``__init__`` only."""
    for name in (module, *(module.rsplit(".", cut)[0] for cut in range(1, module.count(".")))):
        if name in FLOORS:
            return FLOORS[name]
    raise LookupError(f"{module} is in no row of FLOORS: give it a floor")


def imports(module: str, path: Path, known: set[str]) -> list[Import]:
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    found = walk(ast.parse(path.read_text(encoding="utf-8")), False)
    return [Import(*entry) for node, lazy in found for entry in targets(node, lazy, package, known)]


def walk(node: ast.AST, lazy: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below ``node``, and whether it runs later than the import of its module."""
    deferred = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or (
        isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    )
    yield node, lazy
    for child in ast.iter_child_nodes(node):
        yield from walk(child, lazy or deferred)


def targets(node: ast.AST, lazy: bool, package: str, known: set[str]) -> Iterator[tuple[str, int, bool]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name, node.lineno, lazy
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            yield (inner if inner in known else base), node.lineno, lazy
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
        yield from ((str(name.value), node.lineno, lazy) for name in node.args[:1] if isinstance(name, ast.Constant))


def faults(root: Path) -> list[str]:
    """One sentence for everything that the plan forbids."""
    found = modules(root)
    table = {module: imports(module, path, set(found)) for module, path in found.items()}
    return [*unplaced(table), *climbing(table), *strangers(table), *cycles(table)]


def unplaced(table: dict[str, list[Import]]) -> Iterator[str]:
    for module in table:
        try:
            floor(module)
        except LookupError as error:
            yield str(error)


def climbing(table: dict[str, list[Import]]) -> Iterator[str]:
    placed = {module: floor(module) for module in table if not list(unplaced({module: []}))}
    for module in placed:
        for target, line, _ in table[module]:
            if placed.get(target, -1) > placed[module]:
                yield (
                    f"{module} (floor {placed[module]}), line {line}: "
                    f"imports {target} (floor {placed[target]}), which is uphill"
                )


def strangers(table: dict[str, list[Import]]) -> Iterator[str]:
    for module, entries in table.items():
        package = module.partition(".")[0]
        for target, line, lazy in entries:
            top = target.partition(".")[0]
            if top in GUESTS.get(module, ()):
                continue
            if top in REQUIRED and target not in table:
                yield f"{module}, line {line}: imports {target}, which is not there"
            elif top in OPTIONAL[package] and not lazy:
                yield f"{module}, line {line}: imports the optional {top} outside a function"
            elif top not in {*sys.stdlib_module_names, *REQUIRED, *REQUIRED[package], *OPTIONAL[package]}:
                yield f"{module}, line {line}: imports {top}, which {package} does not depend on"


def cycles(table: dict[str, list[Import]]) -> Iterator[str]:
    try:
        TopologicalSorter({m: [i.target for i in entries] for m, entries in table.items()}).prepare()
    except CycleError as error:
        yield "imports in a circle: " + " <- ".join(error.args[1])


@pytest.mark.slow
def test_every_import_runs_down_the_floors() -> None:
    assert modules(ROOT), "no module found"
    assert not faults(ROOT), "\n" + "\n".join(faults(ROOT))


ALLOWED = {
    "down": {"autodiff/graph.py": "from autodiff.files import write", "autodiff/files.py": ""},
    "down, relative": {"autodiff/graph.py": "from . import files", "autodiff/files.py": ""},
    "beside": {"autodiff/optim.py": "import autodiff.graph", "autodiff/graph.py": ""},
    "package on top": {"autodiff/__init__.py": "from autodiff.graph import Graph", "autodiff/graph.py": ""},
    "across": {"viz/__main__.py": "from autodiff import Value", "autodiff/__init__.py": ""},
    "main": {"viz/__main__.py": "import viz", "viz/__init__.py": ""},
    "inside a package": {"autodiff/programs/backends/c.py": "from .d import e", "autodiff/programs/backends/d.py": ""},
    "optional, lazily": {"autodiff/optim.py": "def f():\n    import numpy"},
    "optional, for types": {"autodiff/optim.py": "if TYPE_CHECKING:\n    import numpy"},
    "required": {"viz/layout/drawing.py": "import graphviz"},
}

FORBIDDEN = {
    "up": ({"autodiff/files.py": "import autodiff.graph", "autodiff/graph.py": ""}, "uphill"),
    "up, relative": ({"autodiff/files.py": "from .graph import Graph", "autodiff/graph.py": ""}, "uphill"),
    "up, lazily": ({"autodiff/optim.py": "def f():\n    from . import pooling", "autodiff/pooling.py": ""}, "uphill"),
    "up, by name": (
        {"autodiff/optim.py": "import importlib as i\ni.import_module('autodiff.pooling')", "autodiff/pooling.py": ""},
        "uphill",
    ),
    "up to the package": ({"autodiff/optim.py": "from autodiff import Value", "autodiff/__init__.py": ""}, "uphill"),
    "up to the pictures": ({"autodiff/optim.py": "import viz", "viz/__init__.py": ""}, "uphill"),
    "no floor": ({"autodiff/attic.py": ""}, "give it a floor"),
    "circle": (
        {"autodiff/optim.py": "import autodiff.graph", "autodiff/graph.py": "import autodiff.optim"},
        "in a circle",
    ),
    "optional, at once": ({"autodiff/optim.py": "import numpy as np"}, "outside a function"),
    "unknown": ({"viz/layout/drawing.py": "import matplotlib.pyplot"}, "does not depend on"),
    "pictures in the engine": ({"autodiff/optim.py": "import graphviz"}, "does not depend on"),
    "gone": ({"autodiff/optim.py": "import autodiff.missing"}, "not there"),
}


def house(root: Path, sources: dict[str, str]) -> Path:
    for name, source in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return root


@pytest.mark.parametrize("sources", ALLOWED.values(), ids=ALLOWED)
def test_the_rule_lets_pass(sources: dict[str, str], tmp_path: Path) -> None:
    assert faults(house(tmp_path, sources)) == []


@pytest.mark.parametrize(("sources", "complaint"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_rule_finds(sources: dict[str, str], complaint: str, tmp_path: Path) -> None:
    found = faults(house(tmp_path, sources))
    assert len(found) == 1
    assert complaint in found[0]
