"""Build what the README shows: its pictures, and the page of operations. Run it as ``python docs/build.py``."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from autodiff import TABLE, Value, max_pool1d  # noqa: E402 - the project need not be installed
from viz import draw, pool  # noqa: E402

HEAD = """# The table of operations

One row of [`autodiff/operations.py`](../autodiff/operations.py) is all the project knows about an operation: eager
numbers, recorded derivatives, pictures and sentences read the same formulas. In a partial, `None` means *no path*:
nothing flows, and nothing is multiplied. `out` is the operation's own value.

| operation | shown as | value | partials |
|---|---|---|---|
"""


def operations() -> str:
    """The page of operations, in Markdown."""
    rows = []
    for op in TABLE.values():
        partials = ", ".join(f"`{ast.unparse(partial)}`" for partial in op.partials)
        value = ast.unparse(op.value)
        rows.append(f"| `{op.name}({', '.join(op.inputs)})` | {op.symbol} | `{value}` | {partials} |\n")
    return HEAD + "".join(rows)


def pictures() -> None:
    """The README's pictures, light and dark."""
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    p[0].name, p[1].name = "p0", "p1"
    score = 0.7 * p[0] + 0.9 * p[1]
    score.name = "score"
    score.backward()
    for look in ("light", "dark"):
        draw(score, theme=look).save_svg(HERE / f"graph-{look}.svg")
        pool(x, p, kernel_size=3, stride=2, theme=look).save_svg(HERE / f"pool-{look}.svg")


if __name__ == "__main__":
    (HERE / "operations.md").write_text(operations(), encoding="utf-8")
    pictures()
