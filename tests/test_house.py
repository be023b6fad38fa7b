"""The test of the house: adding an operation is one row, and nothing else has to know."""

from __future__ import annotations

import ast
import copy
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drawn import read
from programs import HERE
from test_sources import RUNNERS

import viz
from autodiff import TABLE, Graph, Program, Value, expression, grad, gradcheck, hessian, jvp, operation, steps
from viz.page.data import page_data

Softsign = Callable[..., Value]


@pytest.fixture
def softsign() -> Iterator[Softsign]:
    yield operation("softsign(x)", "x / (1 + abs(x))", "1 / (1 + abs(x)) ** 2", doc="x / (1 + |x|)")
    del TABLE["softsign"]


def runs_eagerly(softsign: Softsign) -> None:
    x = Value(-3.0)
    y = softsign(x)
    y.backward()
    assert (y.data, x.grad, y.op.name) == (-0.75, 1 / 16, "softsign")


def takes_numbers(softsign: Softsign) -> None:
    assert softsign(1).data == 0.5
    with pytest.raises(TypeError, match="got str '1'"):
        softsign("1")


def has_a_second_derivative(softsign: Softsign) -> None:
    x = Value(1.0)
    assert hessian(softsign(x), [x])[0][0].data == -0.25  # -2 / (1 + x)^3


def has_a_third_derivative(softsign: Softsign) -> None:
    x = Value(1.0)
    second = grad(grad(softsign(x), x), x)
    assert grad(second, x).data == pytest.approx(6 / 16)


def agrees_with_differences(softsign: Softsign) -> None:
    for number in (-2.0, -0.3, 0.4, 5.0):
        x = Value(number)
        assert gradcheck(softsign(x * x - 3), [x])
        assert gradcheck(grad(softsign(x), x), [x])


def has_a_tangent(softsign: Softsign) -> None:
    x = Value(-3.0)
    assert jvp(softsign(x), [x], [32.0]).data == 2.0


def reads_in_expressions(softsign: Softsign) -> None:
    y = expression("2 * softsign(x) if x > 0 else -1", x=3)
    assert y.data == 1.5


def reads_in_later_rows(softsign: Softsign) -> None:
    try:
        twice = operation("twice_softsign(x)", "2 * softsign(x)", "2 / (1 + abs(x)) ** 2")
        assert gradcheck(twice(Value(0.7)))
    finally:
        TABLE.pop("twice_softsign", None)


def replays(softsign: Softsign) -> None:
    x = Value(1.0)
    graph = Graph(softsign(x), grad(softsign(x), x))
    x.data = -3.0
    assert graph.forward() == (-0.75, 1 / 16)


def survives_json(softsign: Softsign) -> None:
    text = Graph(softsign(Value(3.0, "x"))).to_json()
    graph = Graph.from_json(text)
    assert graph.nodes[-1].op is TABLE["softsign"]
    assert graph.to_json() == text


def survives_copies(softsign: Softsign) -> None:
    y = softsign(Value(3.0))
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        twin.backward()
        assert twin.parents[0].grad == 1 / 16
        assert y.parents[0].grad_state == "not computed"


def is_told_in_words(softsign: Softsign) -> None:
    told = [step.sentence for step in steps(softsign(Value(-3.0, "x")))]
    assert told[1] == "v1 = softsign(-3) = -0.75"
    assert (
        told[-1] == "x.grad = local 0.0625 × upstream 1 = 0.0625 (local: ∂softsign(x)/∂x = 1/(1 + abs(x))^2 = 0.0625)"
    )


def is_drawn(softsign: Softsign) -> None:
    y = softsign(Value(-3.0, "x"))
    y.backward()
    drawn = read(viz.draw(y))
    assert any("softsign" in row for box in drawn.boxes.values() for row in box.rows)
    assert drawn.words() == ["0.0625 × 1 = 0.0625"]


def is_written_in_mathematics(softsign: Softsign) -> None:
    row = page_data(steps(softsign(Value(1.0))))["operations"]["softsign"]
    assert row["value"] == ["/", "x", ["+", 1.0, ["abs", "x"]]]
    assert row["math"].startswith("<mfrac>{0}<mrow><mn>1</mn><mo>+</mo>")


def runs_in_every_backend(softsign: Softsign) -> None:
    x, w = Value(1.0, "x"), Value(2.0, "w")
    y = softsign(x * w)
    for backend in HERE:
        program = Program(y, [x], [w], backend=backend)
        values, mean = program.value_and_grad([[-1.5], [0.5]])
        assert ([*map(float, values)], [*map(float, mean)]) == ([-0.75, 0.5], [(-1.5 / 16 + 0.5 / 4) / 2])
        assert [float(slope) for (slope,) in program.input_grad([[-1.5], [0.5]])] == [2 / 16, 2 / 4]


def has_a_second_derivative_in_every_backend(softsign: Softsign) -> None:
    x = Value(0.5)
    slope = grad(grad(softsign(x), x), x)
    for backend in HERE:
        assert float(Program(slope, [x], backend=backend).value([[1.0]])[0]) == -0.25


# Each later part of the house adds its line here.
READERS = [
    runs_eagerly,
    takes_numbers,
    has_a_second_derivative,
    has_a_third_derivative,
    agrees_with_differences,
    has_a_tangent,
    reads_in_expressions,
    reads_in_later_rows,
    replays,
    survives_json,
    survives_copies,
    is_told_in_words,
    is_drawn,
    is_written_in_mathematics,
    runs_in_every_backend,
    has_a_second_derivative_in_every_backend,
]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_an_operation_of_one_row(reader: Callable[[Softsign], None], softsign: Softsign) -> None:
    reader(softsign)


@pytest.mark.slow
@pytest.mark.parametrize("language", RUNNERS)
def test_an_operation_of_one_row_is_source_in_every_language(language: str, softsign: Softsign) -> None:
    x, w = Value(1.0, "x"), Value(2.0, "w")
    text = Program(softsign(x * w), [x], [w], backend="python").source(language)
    found = RUNNERS[language](text, [[-1.5], [0.5]], [2.0])
    assert found == [[-0.75, pytest.approx(-1.5 / 16)], [0.5, pytest.approx(0.5 / 4)]]


def deep(text: str, left: str = "", right: str = "", count: int = 70) -> str:
    return left * count + text + right * count


# Rows as large as the table takes: long, deep in every construct, and shared parts that double.
LARGEST: dict[str, tuple[tuple[str, str], dict[str, str]]] = {
    "terms": (("+".join(["x"] * 78), "78"), {}),
    "brackets": ((deep("x", "(", " + 1)"), "1"), {}),
    "powers": ((deep("x", "x ** "), deep("x", "1 ** ")), {}),
    "signs": ((deep("x", "-"), "1"), {}),
    "calls": ((deep("x", "abs(", ")"), deep("x", "abs(", ")")), {}),
    "cases": ((deep("x", "2 if x > 9 else "), deep("1", "None if x > 9 else ")), {}),
    "cases in cases": ((deep("x", "(", " if x < 9 else 2)"), deep("1", "(", " if x < 9 else None)")), {}),
    "comparisons": ((deep("x", "(", " > 0)"), deep("x", "(", " > 0)")), {}),
    "logic": (("1 if " + deep("x", "(x > 0 and not ", ")", 38) + " else x", "1 if x > 0 or x < 1 else None"), {}),
    "parts that double": (("p12", "p12"), {"p0": "x"} | {f"p{i + 1}": f"p{i} + p{i}" for i in range(12)}),
    "choices that double": (
        ("p6", "p6 if p6 > 0 else None"),
        {"p0": "x"} | {f"p{i + 1}": f"p{i} if p{i} > 0 else -p{i}" for i in range(6)},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("formulas", "let"), LARGEST.values(), ids=LARGEST)
def test_the_largest_rows_are_read_by_all(formulas: tuple[str, str], let: dict[str, str]) -> None:
    try:
        x = Value(0.5, "x")
        y = operation("largest_(x)", *formulas, let=let)(x)
        assert_all_read_it(x, y)
    finally:
        TABLE.pop("largest_", None)


def assert_all_read_it(x: Value, y: Value) -> None:
    y.backward()
    assert x.grad == grad(y, x).data == jvp(y, [x], [1.0]).data
    assert grad(grad(y, x), x).data < float("inf")
    assert [step.sentence for step in steps(y)]
    assert y.op is not None
    assert y.op.decisions(0.5, y.data) is not None
    assert Graph.from_json(Graph(y).to_json()).evaluate() == Graph(y).evaluate()
    assert pickle.loads(pickle.dumps(y)).data == y.data
    program = Program(y, [x], backend="python")
    assert program.value_and_grad([[0.5]])[0] == [y.data]
    assert all(program.source(language) for language in RUNNERS)
    assert json.dumps(page_data(steps(y)))
    assert viz.draw(y).source


def test_two_rows_of_one_name_stay_two_on_the_page() -> None:
    try:
        x = Value(1.0)
        y = operation("twofold_(x)", "2 * x", "2")(x) + operation("twofold_(x)", "3 * x", "3")(x)
        data = page_data(steps(y))
        rows = [data["operations"][node["op"]]["value"] for node in data["nodes"][1:3]]
        assert rows == [["*", 2.0, "x"], ["*", 3.0, "x"]]
    finally:
        TABLE.pop("twofold_", None)


def test_the_row_is_gone_after_its_test() -> None:
    assert "softsign" not in TABLE


ROOT = Path(__file__).resolve().parents[1]
SOURCES = [path for package in ("autodiff", "viz") for path in sorted((ROOT / package).rglob("*.py"))]
CORE = ("table", "recording", "functions.py", "graph.py", "ground/windows.py", "pooling.py", "derivatives")


def test_the_core_is_read_in_one_sitting() -> None:
    names = {
        path.relative_to(ROOT / "autodiff").as_posix(): path
        for path in SOURCES
        if path.is_relative_to(ROOT / "autodiff")
    }
    core = {name: path for name, path in names.items() if name.startswith(CORE) and "/signatures/" not in name}
    lines = {name: len(path.read_text("utf-8").splitlines()) for name, path in core.items()}  # generated ones aside
    assert [part for part in CORE if not any(name.startswith(part) for name in core)] == []
    assert sum(lines.values()) < 2800, lines


# Of any length: the kernel's dispatch, and tables.
TABLES = {
    "autodiff/programs/backends/kernel.py": ("_block",),
    "autodiff/table/rows.py": ("_rows",),
    "autodiff/habits/rows.py": (),
}


def lines_of_code(function: ast.FunctionDef, source: list[str]) -> int:
    """Its lines but for the docstring, comments and blanks."""
    body = source[function.lineno - 1 : function.end_lineno]
    told = len(ast.get_docstring(function, clean=False).splitlines()) if ast.get_docstring(function) else 0
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in body) - told


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_read_at_a_glance(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    source = path.read_text("utf-8").splitlines()
    functions = [node for node in ast.walk(ast.parse("\n".join(source))) if isinstance(node, ast.FunctionDef)]
    assert len(source) <= 300 or name in TABLES
    assert [f.name for f in functions if lines_of_code(f, source) > 45 and f.name not in TABLES.get(name, ())] == []


# What answers something is named by what it answers ("The gradient of ..."); what acts, by the act ("Save ...").
NO_NAMES = ("return", "comput", "calculat", "yield", "get", "creat", "construct", "initiali", "this", "method")


def documented(source: str) -> list[tuple[str, str]]:
    """Whatever is defined with a docstring, and its first word."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    told = [(getattr(node, "name", "module"), ast.get_docstring(node) or "-") for node in nodes]
    return [(name, text.split()[0].lower()) for name, text in told if text != "-"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_docstring_names_the_thing(path: Path) -> None:
    assert [entry for entry in documented(path.read_text("utf-8")) if entry[1].startswith(NO_NAMES)] == []


def test_another_voice_is_heard() -> None:
    for text in ("Return the sum.", "Returns it.", "Compute x.", "Gets a name.", "This function adds."):
        (entry,) = documented(f'def f():\n    """{text}"""')
        assert entry[1].startswith(NO_NAMES), text


PRIVATE = {name for name in vars(Value) if name.startswith("_") and not name.startswith("__")}

BY_TEXT = {"getattr", "setattr", "hasattr", "delattr", "attrgetter"}


def back_doors(source: str) -> list[int]:
    """The lines that ask for a private name of a Value: as an attribute (but of ``self``), or by its text."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE and ast.unparse(node.value) != "self":
            found.append(node.lineno)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in BY_TEXT:
            found += [arg.lineno for arg in node.args if isinstance(arg, ast.Constant) and arg.value in PRIVATE]
    return found


@pytest.mark.slow
def test_what_a_value_keeps_to_itself_is_read_in_its_room_alone() -> None:
    outside = [path for path in SOURCES if path.parent != ROOT / "autodiff" / "recording"]
    assert len(outside) > 80
    assert {str(path): lines for path in outside if (lines := back_doors(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize("name", sorted(PRIVATE))
@pytest.mark.parametrize(
    "way", ["x.{}", "y.args[0].{} = 1", "f(x).{}.op", "getattr(x, {!r})", "operator.attrgetter({!r})(x)"]
)
def test_a_back_door_is_found(way: str, name: str) -> None:
    assert back_doors(way.format(name)) == [1]


def test_a_private_name_of_ones_own_is_no_back_door() -> None:
    assert back_doors("self._data = self._x + x.data + x.__slots__") == []
