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

# A row holds for a module and, where it is a package, for everything in it.
FLOORS: dict[str, int] = {
    # the table of operations and what reads its formulas
    "autodiff.ieee": 0,
    "autodiff.files": 0,
    "autodiff.formulas": 0,
    "autodiff.notation": 0,
    "autodiff.operations": 0,
    # recording and backward
    "autodiff.recording": 1,
    "autodiff.value": 1,
    # built on Value alone (Graph and derivatives among them)
    "autodiff.functions": 2,
    "autodiff.reading": 2,
    "autodiff.routing": 2,
    "autodiff.documents": 2,
    "autodiff.graph": 2,
    "autodiff.derivatives": 2,
    "autodiff.pooling": 2,
    "autodiff.nn.nests": 2,
    "autodiff.nn.saving": 2,
    "autodiff.nn.modules": 2,
    "autodiff.nn.perceptron": 2,
    "autodiff.nn.parts": 2,
    "autodiff.nn.images": 2,
    "autodiff.nn.layers": 2,
    "autodiff.nn.convolution": 2,
    "autodiff.nn.losses": 2,
    "autodiff.nn.samples": 2,
    "autodiff.optim": 2,
    "autodiff.expressions": 2,
    "autodiff.checks": 2,
    # built on Graph
    "autodiff.words": 3,
    "autodiff.steps": 3,
    "autodiff.explaining": 3,
    "autodiff.lowering": 3,
    "autodiff.languages": 3,
    "autodiff.routine": 3,
    "autodiff.sources": 3,
    "autodiff.program": 3,
    "autodiff.backends": 3,
    "autodiff.nn.training": 3,
    "autodiff.nn": 3,
    # what users import
    "autodiff": 4,
    # pictures, from ink to pages
    "viz.theme": 5,
    "viz.text": 5,
    "viz.answers": 5,
    "viz.engines": 5,
    "viz.digits": 5,
    "viz.mathml": 5,
    "viz.pagedata": 6,
    "viz.page": 7,
    "viz.picture": 6,
    "viz.canvas": 6,
    "viz.cells": 6,
    "viz.poolplan": 6,
    "viz.naming": 6,
    "viz.view": 6,
    "viz.poolfacts": 6,
    "viz.poolpicture": 7,
    "viz.marks": 6,
    "viz.slim": 6,
    "viz.backward": 6,
    "viz.stepgrid": 7,
    "viz.drawing": 7,
    "viz.gif": 8,
    "viz.animation": 9,
    "viz.demo": 7,
    "viz.words": 8,
    "viz.pool": 7,
    "viz.widget": 8,
    "viz.stepper": 9,
    "viz": 11,
    "viz.__main__": 12,
}

# What may be imported from outside: by every module, and only inside functions or for type checking.
REQUIRED: dict[str, set[str]] = {"autodiff": set(), "viz": {"graphviz"}}
OPTIONAL: dict[str, set[str]] = {
    "autodiff": {"numpy", "numba", "tqdm"},
    "viz": {"numpy", "numba", "IPython", "anywidget", "PIL"},
}


# Modules that exist for an optional library: only loaded when it is asked for, so they may import it at once.
GUESTS: dict[str, set[str]] = {
    "autodiff.backends.numpy": {"numpy"},
    "autodiff.backends.numba": {"numpy"},
    "autodiff.backends.caching": {"numba"},
    "autodiff.backends.kernel": {"numpy", "numba"},
    "autodiff.backends.fused": {"numpy", "numba"},
    "autodiff.backends.lanes": {"numba", "llvmlite"},
    "viz.widget": {"anywidget", "traitlets"},
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


def test_every_import_runs_down_the_floors() -> None:
    assert modules(ROOT), "no module found"
    assert not faults(ROOT), "\n" + "\n".join(faults(ROOT))


ALLOWED = {
    "down": {"autodiff/value.py": "from autodiff.operations import row", "autodiff/operations.py": ""},
    "down, relative": {"autodiff/value.py": "from . import operations", "autodiff/operations.py": ""},
    "beside": {"autodiff/optim.py": "import autodiff.pooling", "autodiff/pooling.py": ""},
    "package on top": {"autodiff/__init__.py": "from autodiff.steps import steps", "autodiff/steps.py": ""},
    "across": {"viz/theme.py": "from autodiff import Value", "autodiff/__init__.py": ""},
    "main": {"viz/__main__.py": "import viz", "viz/__init__.py": ""},
    "inside a package": {"autodiff/backends/c.py": "from .d import e", "autodiff/backends/d.py": ""},
    "optional, lazily": {"autodiff/optim.py": "def f():\n    import numpy"},
    "optional, for types": {"autodiff/optim.py": "if TYPE_CHECKING:\n    import numpy"},
    "required": {"viz/drawing.py": "import graphviz"},
}

FORBIDDEN = {
    "up": ({"autodiff/value.py": "import autodiff.graph", "autodiff/graph.py": ""}, "uphill"),
    "up, relative": ({"autodiff/value.py": "from .graph import Graph", "autodiff/graph.py": ""}, "uphill"),
    "up, lazily": ({"autodiff/optim.py": "def f():\n    from . import steps", "autodiff/steps.py": ""}, "uphill"),
    "up, by name": (
        {"autodiff/optim.py": "import importlib\nimportlib.import_module('autodiff.steps')", "autodiff/steps.py": ""},
        "uphill",
    ),
    "up to the package": ({"autodiff/optim.py": "from autodiff import Value", "autodiff/__init__.py": ""}, "uphill"),
    "up to the pictures": ({"autodiff/optim.py": "import viz.theme", "viz/theme.py": ""}, "uphill"),
    "no floor": ({"autodiff/attic.py": ""}, "give it a floor"),
    "circle": (
        {"autodiff/optim.py": "import autodiff.pooling", "autodiff/pooling.py": "import autodiff.optim"},
        "in a circle",
    ),
    "optional, at once": ({"autodiff/optim.py": "import numpy as np"}, "outside a function"),
    "unknown": ({"viz/drawing.py": "import matplotlib.pyplot"}, "does not depend on"),
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
