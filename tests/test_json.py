"""A graph as JSON: there and back to the bit, and what comes from elsewhere is that graph, or refused by name."""

from __future__ import annotations

import contextlib
import copy
import json
import math
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from counting import calls
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import TABLE, Graph, Operation, Value, exp, maximum, scope, where
from autodiff.language.formulas import SPACE
from autodiff.recording.value import function_of

inf, nan = math.inf, math.nan


def example() -> Graph:
    """max(a*b, c) + 2*a, with the product in a scope, differentiated."""
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c")
    with scope("outer"), scope("inner"):
        product = a * b
    y = maximum(product, c) + 2 * a
    y.backward()
    return Graph(y)


def special() -> Graph:
    a, b, loser = Value(inf, "a"), Value(-0.0, 'quote " and \ud800 <b>'), Value(-inf)
    with scope("outer"):
        with scope("inner"):
            y = maximum(a * b, loser) ** 0.1
        z = where(y, 1e-320, nan) + 3
    z.backward(nan)
    return Graph(z, y, ad.exp(0.25), Value(7.0))


@pytest.mark.parametrize("make", [example, special])
def test_json_there_and_back_is_the_same_graph(make: Callable[[], Graph]) -> None:
    graph = make()
    text = graph.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    other = Graph.from_json(text)
    assert other.to_json() == text
    assert repr(other.nodes) == repr(graph.nodes)
    assert (other.edges, other.outputs, other.leaves, other.levels) == (
        graph.edges,
        graph.outputs,
        graph.leaves,
        graph.levels,
    )
    for mine, yours in zip(graph.values, other.values, strict=True):
        assert mine is not yours
        assert repr(mine.data) == repr(yours.data)
        assert (repr(mine.grad), mine.grad_state) == (repr(yours.grad), yours.grad_state)
    assert repr(other.evaluate()) == repr(graph.evaluate())


def test_a_graph_from_json_lives_on() -> None:
    graph = Graph.from_json(example().to_json())
    a = graph.values[0]
    a.data = -4.0
    assert graph.forward() == (4.0,)
    a.grad = None
    graph.values[-1].backward()
    assert a.grad == -1.0


def test_the_same_program_gives_the_same_json() -> None:
    assert example().to_json() == example().to_json()
    twice = [Graph(*ad.hessian(maximum(x * x, x.exp()), [x])[0]).to_json() for x in (Value(0.5), Value(0.5))]
    assert twice[0] == twice[1]


def corrupted(change: Callable[[Any], Any]) -> str:
    document = json.loads(example().to_json())
    change(document)
    return json.dumps(document)


BROKEN: dict[str, str] = {
    "empty": "",
    "no JSON": "graph",
    "cut": example().to_json()[:-20],
    "null": "null",
    "list": "[]",
    "number": "3",
    "nested": "[" * 100_000,
    "other format": corrupted(lambda d: d.update(format="svg")),
    "other version": corrupted(lambda d: d.update(version=4)),
    "no nodes": corrupted(lambda d: d.pop("nodes")),
    "no outputs": corrupted(lambda d: d.update(outputs=[])),
    "output beyond": corrupted(lambda d: d.update(outputs=[7])),
    "negative output": corrupted(lambda d: d.update(outputs=[-1])),
    "output of no number": corrupted(lambda d: d.update(outputs=["0"])),
    "truth as output": corrupted(lambda d: d.update(outputs=[True])),
    "unknown operation": corrupted(lambda d: d["nodes"][3].update(op="multiplyy")),
    "operation of no name": corrupted(lambda d: d["nodes"][3].update(op=["add"])),
    "operand of a later node": corrupted(lambda d: d["nodes"][3].update(args=[0, 4])),
    "operand of itself": corrupted(lambda d: d["nodes"][3].update(args=[0, 3])),
    "negative operand": corrupted(lambda d: d["nodes"][3].update(args=[0, -1])),
    "operand of no number": corrupted(lambda d: d["nodes"][3].update(args=[0, 0.5])),
    "one operand too few": corrupted(lambda d: d["nodes"][3].update(args=[0])),
    "one operand too many": corrupted(lambda d: d["nodes"][3].update(args=[0, 1, 2])),
    "operands of a leaf": corrupted(lambda d: d["nodes"][1].update(args=[0])),
    "empty constant": corrupted(lambda d: d["nodes"][3].update(args=[0, []])),
    "no operands": corrupted(lambda d: d["nodes"][3].pop("args")),
    "data of no number": corrupted(lambda d: d["nodes"][3].update(data="x")),
    "no data": corrupted(lambda d: d["nodes"][3].update(data=None)),
    "data too large": corrupted(lambda d: d["nodes"][3].update(data=10**400)),
    "gradient of no number": corrupted(lambda d: d["nodes"][3].update(grad="path")),
    "name of no string": corrupted(lambda d: d["nodes"][3].update(name=3)),
    "scope beyond": corrupted(lambda d: d["nodes"][3].update(scope=9)),
    "negative scope": corrupted(lambda d: d["nodes"][3].update(scope=-1)),
    "scope in a later one": corrupted(lambda d: d["scopes"][0].__setitem__(1, 1)),
    "scopes of no list": corrupted(lambda d: d.update(scopes=3)),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_broken_json_is_a_value_error_that_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"this is not the JSON of a graph: \w+"):
        Graph.from_json(text)


TEXT = special().to_json()
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=3) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["op", "args", "data"]), inner),
    max_leaves=4,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    return [path, *(place for key in keys for place in places(document[key], (*path, key)))]


PLACES = [place for place in places(json.loads(TEXT)) if place]


@pytest.mark.slow
@given(st.sampled_from(PLACES), JUNK)
def test_json_with_junk_in_one_place_is_that_graph_or_a_value_error(place: tuple[Any, ...], junk: Any) -> None:
    document = json.loads(TEXT)
    parent = document
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = junk
    load_or_refuse(json.dumps(document))


@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_json_with_one_place_written_over_another_is_that_graph_or_a_value_error(
    source: tuple[Any, ...], target: tuple[Any, ...]
) -> None:
    document, found = json.loads(TEXT), json.loads(TEXT)
    for key in source:
        found = found[key]
    parent = document
    for key in target[:-1]:
        parent = parent[key]
    parent[target[-1]] = found
    load_or_refuse(json.dumps(document))


@pytest.mark.slow
@given(st.integers(0, len(TEXT)), st.integers(0, 5), st.text(max_size=3))
def test_json_with_a_cut_or_an_insertion_is_that_graph_or_a_value_error(start: int, cut: int, put: str) -> None:
    load_or_refuse(TEXT[:start] + put + TEXT[start + cut :])


def load_or_refuse(text: str) -> None:
    """The graph says what the text said, or the text is refused."""
    try:
        graph = Graph.from_json(text)
    except ValueError as refusal:
        words = str(refusal)
    else:
        words = ""
    if words:
        assert words.startswith("this is not the JSON of a graph: ")
        assert len(words) < 500
        return
    assert said(json.loads(graph.to_json())) == said(json.loads(text))
    graph.forward()
    assert Graph.from_json(graph.to_json()).to_json() == graph.to_json()


def said(document: Any) -> Any:
    """What a document says of its graph, scopes by their names; numbers by their text, as -0.0 is another than 0.0."""
    scopes: list[str] = []
    for name, parent, *_ in document["scopes"]:
        scopes.append(("" if parent is None else scopes[parent]) + "/" + name)
    nodes = [
        (
            node["op"],
            [arg if isinstance(arg, int) else float(arg[0]).hex() for arg in node["args"]],
            float(node["data"]).hex(),
            node["grad"] if node["grad"] in (None, "no path") else float(node["grad"]).hex(),
            node["name"],
            None if node["scope"] is None else scopes[node["scope"]],
            node.get("stale"),
        )
        for node in document["nodes"]
    ]
    return document["outputs"], nodes


def changed(change: Callable[[Any], Any], version: int = 2) -> str:
    x = Value(2.0, "x")
    document = json.loads(Graph(x * x + exp(0.5) * x.sigmoid(), x.relu()).to_json())
    document["version"] = version
    change(document["nodes"])
    return json.dumps(document)


LIES: dict[str, Callable[[Any], Any]] = {
    "a product": lambda nodes: nodes[1].update(data=999.0),
    "a sum": lambda nodes: nodes[-2].update(data=nodes[-2]["data"] * (1 + 2e-15)),
    "an operand": lambda nodes: nodes[0].update(data=3.0),
    "an operation of constants": lambda nodes: nodes[2].update(data=1.0),
    "a constant": lambda nodes: nodes[2].update(args=[[0.25]]),
    "an operation": lambda nodes: nodes[1].update(op="divide"),
    "a choice": lambda nodes: nodes[-1].update(data=0.0),
    "a nan": lambda nodes: nodes[1].update(data="nan"),
    "an infinity": lambda nodes: nodes[1].update(data="inf"),
    "a sign": lambda nodes: nodes[1].update(data=-4.0),
    "five units in the last place": lambda nodes: nodes[3].update(data=moved(nodes[3]["data"], 5)),
    "a leaf that is stale": lambda nodes: nodes[0].update(stale=-1),
    "constants that are stale": lambda nodes: nodes[2].update(stale=-1, data=9.0),
    "a moment that is none": lambda nodes: nodes[1].update(stale=3, data=9.0),
}


def moved(x: float, steps: int) -> float:
    for _ in range(steps):
        x = math.nextafter(x, inf)
    return x


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_json_whose_numbers_its_operations_do_not_give_is_refused_by_name(
    lie: Callable[[Any], Any], version: int
) -> None:
    assert Graph.from_json(changed(lambda nodes: None, version)).evaluate()
    with pytest.raises(ValueError, match=r"node \d+( 'x')?: (its number is .*, but \w+ of .* is |it cannot be stale)"):
        Graph.from_json(changed(lie, version))


NUMBERS = [0.0, -0.0, 5e-324, -3.0, -6.5, 1e-9, 0.7, 2.0, 40.0, -40.0, 1e300, inf, -inf, nan]


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_json_may_come_from_another_math_library(op: Operation) -> None:
    """Its functions may be a few units in the last place off; where they cancel, so is much of what is left."""

    def another(function: Callable[..., float]) -> Callable[..., float]:
        return lambda *args: moved(function(*args), 2) if math.isfinite(function(*args)) else function(*args)

    exact = ("_divide", "_abs", "_sqrt")
    space = {name: f if name in exact else another(f) for name, f in SPACE.items()}
    elsewhere = op.evaluator(space)  # type: ignore[arg-type]
    for x in NUMBERS:
        operands = [x, *[0.3] * (len(op.inputs) - 1)]
        document = json.loads(Graph(function_of(op)(*map(Value, operands))).to_json())
        data = elsewhere(*operands)
        document["nodes"][-1]["data"] = data if math.isfinite(data) else repr(data)
        assert repr(Graph.from_json(json.dumps(document)).values[-1].data) == repr(data)


def test_json_of_stale_nodes_stays_as_it_is() -> None:
    x = Value(2.0, "x")
    y = x * x
    z = y + 1
    late = z * 3
    x.data = 5.0
    graphs = [Graph(late)]
    Graph(y).forward()
    x.data = 7.0  # now y is stale, and so is z: it was computed from the first y
    graphs.append(Graph(late))
    w = Value(1.0) * 2
    w.data = 8.0
    graphs.append(Graph(w + 1))
    for graph in graphs:
        text = graph.to_json()
        for other in (Graph.from_json(text), copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))):
            assert other.to_json() == text
            with pytest.raises(ad.StaleError):
                other.values[-1].backward()


BAD_NUMBERS = [True, False, "12", "Infinity", "NaN", " nan", "", [1.0], {}, None, 10**400]


@pytest.mark.parametrize("number", BAD_NUMBERS, ids=repr)
@pytest.mark.parametrize("place", ["data", "constant", "grad"])
def test_json_with_a_number_that_is_none_names_the_node(number: Any, place: str) -> None:
    document = json.loads(Graph(Value(2.0, "x") * 3).to_json())
    if place == "constant":
        document["nodes"][1]["args"][1] = [number]
    elif number is not None:
        document["nodes"][1][place] = number
    else:
        document["nodes"][1]["data"] = number
    with pytest.raises(ValueError, match="this is not the JSON of a graph: node 1: "):
        Graph.from_json(json.dumps(document))


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity"])
def test_json_with_a_number_that_no_float_holds_names_the_node(number: str) -> None:
    text = Graph(Value(2.5, "x")).to_json()
    with pytest.raises(ValueError, match="node 0 'x': a number is too large"):
        Graph.from_json(text.replace("2.5", number))


def test_json_with_a_node_that_leads_nowhere_is_refused() -> None:
    document = json.loads(Graph(Value(2.0) * 3, Value(1.0)).to_json())
    document["outputs"] = [1]
    with pytest.raises(ValueError, match="node 2 leads to no output"):
        Graph.from_json(json.dumps(document))


def chain(count: int) -> Graph:
    y = Value(1.0)
    for _ in range(count):
        y = -y
    return Graph(y)


def nested(count: int) -> Graph:
    with contextlib.ExitStack() as stack:
        for i in range(count):
            stack.enter_context(scope(f"s{i}"))
        return Graph(Value(1.0))


@pytest.mark.slow
@pytest.mark.parametrize("make", [chain, nested])
def test_json_takes_work_in_proportion_to_its_size(make: Callable[[int], Graph]) -> None:
    work = []
    for count in (1000, 2000):
        graph = make(count)
        text = graph.to_json()
        wrong = text[: text.rindex('"data"')] + '"data": 9.0}]}'
        assert len(text) < 120 * count
        work.append([calls(graph.to_json), calls(partial(Graph.from_json, text)), calls(partial(refused, wrong))])
    assert all(twice < 2.1 * once for once, twice in zip(*work, strict=True))


def refused(text: str) -> None:
    with pytest.raises(ValueError, match="this is not the JSON of a graph: node"):
        Graph.from_json(text)
