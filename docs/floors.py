"""The floor plan of the house, read from the imports: ``python docs/floors.py`` prints it.

A room is a module or folder at the top of ``autodiff`` or ``viz``. It stands one floor above the highest room that it
imports from; rooms that import each other in a circle (there should be none) share a floor. What is imported is read
as ``tests/test_floors.py`` reads it, which also holds the plan that the imports must keep to.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests"))

from test_floors import imports, modules  # noqa: E402

MARKS = "<!-- floors: made by docs/build.py -->", "<!-- end of floors -->"


def room(module: str) -> str:
    """The room that a module is in; a package's own ``__init__`` is a room too.

    >>> room("autodiff.nn.layers"), room("viz.ink.theme"), room("viz")
    ('autodiff.nn', 'viz.ink', 'viz')
    """
    return ".".join(module.split(".")[:2])


def arrows(root: Path) -> dict[str, set[str]]:
    """Which rooms each room imports from."""
    found = modules(root)
    below: dict[str, set[str]] = {room(module): set() for module in found}
    for module, path in found.items():
        targets = {room(entry.target) for entry in imports(module, path, set(found))}
        below[room(module)] |= (targets & set(below)) - {room(module)}
    return below


def reach(below: dict[str, set[str]]) -> dict[str, set[str]]:
    """All rooms under each room, however deep."""
    under: dict[str, set[str]] = {}
    for start in below:
        seen, stack = set(), [start]
        while stack:
            new = below[stack.pop()] - seen
            seen |= new
            stack += new
        under[start] = seen
    return under


def floors(below: dict[str, set[str]]) -> dict[str, int]:
    """The floor of each room, the ground floor being 0."""
    under = reach(below)
    height: dict[str, int] = {}
    for name in sorted(below, key=lambda name: len(under[name] | {name})):  # a room has more under it than any of these
        circle = {other for other in under[name] if name in under[other]}
        lower = [height[other] for other in under[name] - circle]
        height[name] = max(lower, default=-1) + 1
    return height


def purpose(name: str) -> str:
    """The first sentence of a room's docstring."""
    path = ROOT.joinpath(*name.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    line = " ".join(text.split("\n\n")[0].split())
    sentence = re.sub(r"^Floor \d+: ", "", line).split(". ")[0].rstrip(".:")
    return sentence.replace("|", "\\|")


def link(name: str) -> str:
    path = ROOT.joinpath(*name.split("."))
    place = name.replace(".", "/") + ("" if path.is_dir() else ".py")
    return f"[`{name}`](../{place})"


def direct(name: str, below: dict[str, set[str]]) -> Iterable[str]:
    """The rooms it stands on: those it imports from, and that no other of these stands on."""
    under = reach(below)
    return sorted(one for one in below[name] if not any(one in under[other] for other in below[name] - {one}))


def plan(root: Path = ROOT) -> str:
    """The floor plan in Markdown, the roof first."""
    below = arrows(root)
    height = floors(below)
    rows = ["| floor | room | what it is | stands on |", "|---:|---|---|---|"]
    for name in sorted(below, key=lambda name: (-height[name], name)):
        stands = ", ".join(f"`{one}`" for one in direct(name, below))
        rows.append(f"| {height[name]} | {link(name)} | {purpose(name)} | {stands} |")
    return "\n".join(rows)


def house() -> str:
    """The page of the house with the floor plan as it is between its marks."""
    text = (HERE / "house.md").read_text(encoding="utf-8")
    return re.sub(f"{MARKS[0]}.*?{MARKS[1]}", lambda _: f"{MARKS[0]}\n\n{plan()}\n\n{MARKS[1]}", text, flags=re.DOTALL)


if __name__ == "__main__":
    print(plan())
