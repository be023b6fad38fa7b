"""At every step the whole page says what Python's facts say: graph, bar, story, inputs, grid; also after an edit."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import browser, need_browser
from hosts import MODULE, Chromium, Host, Node
from scripts import running
from test_state import paths

import viz
from autodiff import (
    Flow,
    Graph,
    Snapshot,
    Step,
    Steps,
    Value,
    avg_pool1d,
    log,
    max_pool1d,
    max_pool2d,
    maximum,
    relu,
    scope,
    steps,
    where,
)
from autodiff.language.notation import Figures, writing
from autodiff.language.notation import numeral as number
from autodiff.recording.reverse import NO_PATH
from viz.graph.look import Looks, Words, one_source
from viz.ink.theme import width
from viz.page.seeing import seen as seen_together
from viz.page.stepper import Stepper


class Seen:
    """What a page shows of a pass: its steps, of the facts that are seen together, and what is known after each."""

    def __init__(self, told: Steps, stepper: Stepper) -> None:
        self.told, self.view = told, stepper._laid.view
        self.groups = seen_together(told, self.view)
        self.forward = sum(facts[0] < told.forward for facts in self.groups)
        ends = {facts[-1]: k for k, facts in enumerate(self.groups) if k or len(facts) == 1}
        self.stops = [len(self.groups) - 1] * len(told)
        for fact in reversed(range(len(told))):
            self.stops[fact] = ends.get(fact, self.stops[min(fact + 1, len(told) - 1)])
        for k, facts in enumerate(self.groups):
            for fact in facts:
                self.stops[fact] = k

    def __len__(self) -> int:
        return len(self.groups)

    def step(self, k: int) -> Step:
        """The fact of a step; of the inputs the first one that has a box of its own."""
        facts = [self.told[fact] for fact in self.groups[k]]
        own = [fact for fact in facts if fact.node not in self.view.hidden_in]
        return (own or facts)[0] if k == 0 else facts[-1]

    def node(self, k: int) -> int:
        """The node at which a step is seen: of a folded scope that whose numbers it shows, or its last one."""
        node = self.step(k).node
        if node not in self.view.hidden_in:
            return node
        scope = self.view.hidden_in[node]
        spoken = self.view.speaker(scope)
        return self.view.members(scope)[-1] if spoken is None else spoken

    def snapshot(self, k: int) -> Snapshot:
        told, now = self.told, self.told.snapshot(0)
        now.gradients, now.current = [None] * len(now.values), self.step(k)
        if len(self.groups[0]) > 1:  # the leaves are told at once
            now.values = [x if node.op is None else None for node, x in zip(told.graph, told.telling.data, strict=True)]
        for step in told:
            if self.stops[step.index] > k:
                continue
            if step.phase == "forward":
                told._learn(step, now)
            elif step.edge is None:
                now.gradients[step.node] = step.after
            else:
                now.flows[step.edge] = Flow(step.edge, step.local, step.upstream, step.contribution)
                before = now.gradients[step.node]
                if step.contribution is not None:
                    now.gradients[step.node] = step.contribution if before is None else before + step.contribution
        if k == len(self) - 1:
            now.gradients = [NO_PATH if gradient is None else gradient for gradient in now.gradients]
        now.current = self.step(k)
        return now


class Shown:
    """A page and what Python knows of its graph: as it was recorded, and as it is after an edit."""

    def __init__(self, stepper: Stepper, recorded: Steps) -> None:
        self.stepper, self.data, self.recorded = stepper, stepper.data, recorded
        self.began, self.stops = recorded.snapshot(-1), frozenset[int]()
        self.learn(recorded)

    def learn(self, told: Steps) -> None:
        """What an edit has made of it."""
        self.seen = Seen(told, self.stepper)
        self.told, self.graph, self.end = told, told.graph, told.snapshot(-1)
        pairs = [(self.end.values[leaf], self.began.values[leaf], leaf) for leaf in self.graph.leaves]
        self.edited = {leaf for a, b, leaf in pairs if a != b and not (a != a and b != b)}
        now, before = paths(told), paths(self.recorded)
        self.changed = {node for node in now if now[node] != before[node]}  # decides otherwise than when recorded

    def check(self, seen: dict[str, Any], k: int) -> None:
        """Everything on the page, at a step."""
        self.laid = self.data["folded"] if seen["folded"] else self.data  # whichever layout fits
        with writing(Figures(**self.data["figures"])):
            snapshot = self.seen.snapshot(k)
            self.boxes(seen, snapshot)
            self.lines(seen, snapshot)
            self.bar(seen, k)
            self.inputs(seen, snapshot)
            if self.stepper.grid:
                self.grid(seen, self.stepper.grid, snapshot)

    # -- The graph

    def boxes(self, seen: dict[str, Any], snapshot: Snapshot) -> None:
        looks, folds, graph = Looks(self.graph, snapshot), self.laid["folds"], self.graph
        names = {f"n{node.number}" for node in graph} - {f"n{m}" for f in folds.values() for m in f["members"]}
        assert {box["id"] for box in seen["boxes"]} == names | set(folds)
        assert snapshot.current is not None
        for box in seen["boxes"]:
            fold = folds.get(box["id"])
            members = fold["members"] if fold else [int(box["id"][1:])]
            speaker = fold["speaker"] if fold else members[0]
            assert box["node"] == (None if fold else str(speaker))
            marks = {m.replace(" ", "-") for m in looks.box_marks(members, speaker, bool(fold))} - {"box"}
            for kind, known in (("breaks", self.stops), ("changed", self.changed), ("edited", self.edited)):
                marks |= {kind} if known & set(members) else set()
            found = {mark[3:] for mark in box["marks"] if not mark.startswith("gr-level")}
            assert found == marks, (box["id"], snapshot.current.sentence)
            assert box["stop"] == [bool(self.stops & set(members)), bool(self.changed & set(members))]
            words = () if speaker is None else looks.words(speaker)
            assert [text for text, *_ in box["words"]] == list(words)
            for (text, squeezed, room), letter in zip(box["words"], (7.8, 6.9), strict=False):
                # In a box of rows each number has all of its width, in one row its own share of it.
                most, least = (float(room) + 1, float(room)) if room else (box["area"][2], box["area"][2] - 6)
                assert (squeezed is not None) is (len(text) * letter > most)
                assert squeezed is None or float(squeezed) == pytest.approx(least)
            assert set(box["hidden"]) <= {"true", None}
            self.label(box, fold, members, speaker, snapshot)
            if snapshot.current.node in members:
                x, y, wide, high = box["area"]
                place = [float(found) for found in re.findall(r"-?[\d.]+", seen["halo"][0])]
                assert place == pytest.approx([x - 4, y - 4])
                assert [float(side) for side in seen["halo"][1:]] == pytest.approx([wide + 8, high + 8])
        assert [box["tab"] for box in seen["boxes"]].count("0") == 1

    def label(self, box: Any, fold: Any, members: list[int], speaker: int | None, snapshot: Snapshot) -> None:
        value, gradient = (None, None) if speaker is None else (snapshot.values[speaker], snapshot.gradients[speaker])
        node = self.data["nodes"][members[0]]
        opens = ", opens" * bool(fold and fold["inside"] is not None)
        parts = (
            [f"{fold['name']}, {len(members)} nodes folded{opens}"]
            if fold
            else [node["label"], node.get("text", "input")]
        )
        if value is not None:
            parts.append(f"value {number(value)}")
            if gradient is not None:
                parts.append(f"gradient {'no path' if gradient is NO_PATH else number(gradient)}")
        elif any(snapshot.values[member] is None for member in members):
            parts.append("not reached yet")
        arose = Looks(self.graph, snapshot).origin in members
        parts += ["the first nan, or inf, arose here"] if arose else []
        parts += ["another winner"] if self.changed & set(members) else []
        parts += ["breakpoint"] if self.stops & set(members) else []
        assert box["label"] == ", ".join(parts)

    def lines(self, seen: dict[str, Any], snapshot: Snapshot) -> None:
        folds = {member: fold["members"] for fold in self.laid["folds"].values() for member in fold["members"]}
        looks, joined = Looks(self.graph, snapshot, folds=folds), self.laid["lines"]
        edges = {f"{e.target}_{e.position}": e for e in self.graph.edges}
        shown = set()
        for line in seen["lines"]:
            uses = joined[line["id"]]["uses"] if line["id"] in joined else [line["id"][1:]]
            shown |= set(uses)
            own = [edges[use] for use in uses]
            assert {mark[3:].replace("-", " ") for mark in line["marks"]} == looks.line_marks(own) - {"line"}, line[
                "id"
            ]
            words = looks.line_words(own)
            sent = [c for use in own if (flow := snapshot.flows.get(use)) and (c := flow.contribution) is not None]
            total = sum(sent) if sent and one_source(own) else None
            if line["text"] is not None:
                assert (line["text"], line["bold"]) == self.said(line, words, "gr-now" in line["marks"])
            assert (float(line["pen"][:-2]) if line["pen"] else None) == (
                None if total is None else pytest.approx(width(total), abs=0.006)
            )
            start = line["way"].split("L")[0] if "L" in line["way"] else ""
            tip = line["tip"].split()[1]
            assert start == ("" if total is not None else f"M{tip}"), "without a head the line goes on to its tip"
        if not self.laid["folds"]:
            assert shown == set(edges)

    def said(self, line: Any, words: Words, is_now: bool) -> tuple[str, str]:
        """All at the line of the current step, where there is room for it; what came, or why nothing can, elsewhere."""
        room = float(line["room"] or 0)
        if is_now and line["full"]:
            return str(words), words.result
        if words.result:
            return (words.result, words.result) if room else ("", "")
        return (words.text if len(words.text) * 5 <= room + 2 else "", "")

    # -- Beside it

    def bar(self, seen: dict[str, Any], k: int) -> None:
        step, last, nodes = self.seen.step(k), len(self.seen) - 1, self.data["nodes"]
        assert (seen["phase"], seen["told"]) == (step.phase, step.phase)
        assert seen["sentence"] == step.sentence or self.data["folds"]
        assert seen["math"] == "math"
        assert (seen["count"], seen["slider"]) == (f"{k} / {last}", [str(last), str(k), f"{k} of {last}, {step.phase}"])
        split, at = (float(share[:-1]) for share in seen["track"])
        assert (split, at) == pytest.approx((100 * (self.seen.forward - 0.5) / last, 100 * k / last))
        stopped = [100 * i / last for i in range(last + 1) if self.seen.node(i) in self.stops]
        assert [float(left[:-1]) for left in seen["marks"]] == pytest.approx(stopped, abs=1e-3)
        assert (seen["play"], seen["tip"]) == ("Play", True)
        label = nodes[self.seen.node(k)]["label"]
        assert seen["stop"] == [str(self.seen.node(k) in self.stops).lower(), f"Breakpoint on {label} (b)"]
        output = self.graph.outputs[0]
        old, new = (number(one.values[output]) for one in (self.began, self.end))  # type: ignore[arg-type]
        assert (f"{nodes[output]['label']}: {old} → {new}" in seen["news"]) is bool(self.edited)
        assert ("⇄ Another route: now " in seen["news"]) is bool(self.changed)
        assert bool(seen["news"]) is bool(self.edited)

    def inputs(self, seen: dict[str, Any], snapshot: Snapshot) -> None:
        leaves, end, began = self.graph.leaves, self.end.values, self.began.values
        assert (seen["leaves"], len(seen["inputs"])) == (not leaves, len(leaves))
        # Inputs come before what a scope keeps.
        for leaf, row in zip(sorted(leaves, key=self.is_kept), seen["inputs"], strict=True):
            node, gradient = self.data["nodes"][leaf], snapshot.gradients[leaf]
            now, before = end[leaf], began[leaf]
            assert now is not None
            assert before is not None
            label = node["label"].replace(f" #{leaf}", "") if "scope" in node else node["label"]
            name = " / ".join([*node.get("scope", []), label])  # in its scope it is the only one
            assert (row["name"], row["title"]) == (name, name)
            said = Looks(self.graph, snapshot).words(leaf)[1]
            assert row["gradient"] in (said, "" if said == "no path" else said), (
                gradient
            )  # a box says it, where there is one
            assert row["edited"] is (leaf in self.edited)
            brief, whole = number(now).replace("−", "-"), f"{now:.12g}"
            assert row["value"] in (brief, whole)  # whole while it is typed
            assert row["value"] == whole or row["whole"] == whole
            assert row["empty"] == number(before)
            reach = math.ceil(2 * min(1e6, max(1, abs(before) if before == before else 1)))
            assert [float(x) for x in row["slide"][:3]] == [-reach, reach, reach / 100]
            if math.isfinite(now):
                step = reach / 100
                assert abs(float(row["slide"][3]) - max(-reach, min(reach, now))) <= step / 2 + 1e-9
        assert seen["reset"] is not bool(self.edited)

    def is_kept(self, leaf: int) -> bool:
        return "scope" in self.data["nodes"][leaf]

    # -- The grid of a pool

    def grid(self, seen: dict[str, Any], grid: dict[str, Any], snapshot: Snapshot) -> None:
        current, cells = snapshot.current, grid["cells"]
        assert current is not None
        sums: dict[str, list[tuple[float, int]]] = {}
        small = max(len(cells), len(cells[0])) > 6
        assert (seen["pool"], seen["title"]) == (False, grid["title"])
        assert seen["small"] == ["gr-small" if small else ""] * 2
        flows = {f"{e.target}_{e.position}": f for e, f in snapshot.flows.items()}
        for k, (window, frame) in enumerate(zip(grid["windows"], seen["frames"][::-1], strict=True)):
            for at, uses in window["uses"]:
                sent = [flows[u].contribution for u in uses if u in flows and flows[u].contribution is not None]
                if sent:
                    sums.setdefault(at, []).append((math.fsum(sent), k))  # type: ignore[arg-type]
            self.window(frame, grid, k, snapshot, seen["boards"][1])
        for r, row in enumerate(cells):
            for c, (node, plain) in enumerate(row):
                found, parts = seen["boards"][0][r][c], sums.get(f"{r},{c}", [])
                known = plain if node is None else snapshot.values[node]
                known = float(known) if known is not None else None
                text = "·" if known is None else number(known)
                assert (found["value"], found["size"]) == (text, "12px" if len(text) > 5 else "")
                marks = ({"gr-now"} if node == current.node else set()) | ({"gr-won"} if parts else set())
                assert set(found["marks"]) == marks, (r, c)
                assert found["sum"] == self.sum(parts, small)
                if parts and len(parts) <= (1 if small else 3):
                    assert found["inks"] == [f"var(--gr-window-{k % grid['colours']})" for _, k in parts]
                assert len(found["bold"]) == (len(parts) > 1)

    def sum(self, parts: list[tuple[float, int]], small: bool) -> str:
        if not parts:
            return ""
        terms = number(parts[0][0]) + "".join(f" {'−' if x < 0 else '+'} {number(abs(x))}" for x, _ in parts[1:])
        total = 0.0
        for x, _ in parts:
            total += x
        return ("Σ" if len(parts) > (1 if small else 3) else terms) + (f" = {number(total)}" if len(parts) > 1 else "")

    def window(self, frame: Any, grid: dict[str, Any], k: int, snapshot: Snapshot, outputs: Any) -> None:
        window, current = grid["windows"][k], snapshot.current
        assert current is not None
        output, (r, c) = window["output"], window["place"]
        now = (current.edge.target if current.edge else current.node) in window["members"]
        many = len(grid["windows"]) > 16
        assert (frame["now"], frame["hidden"]) == (now, many and not now)
        inset, ink = 2 if many else 2 + k % 3 * 3, f"var(--gr-window-{k % grid['colours']})"
        assert frame["place"] == [*map(str, window["frame"]), f"{inset}px", ink]
        value, gradient = (None, None) if output is None else (snapshot.values[output], snapshot.gradients[output])
        numbers = [
            snapshot.values[n] if n is not None else x for at, _ in window["uses"] for n, x in [self.cell(grid, at)]
        ]
        tie = now and window["choice"] and value is not None and numbers.count(value) > 1
        assert frame["text"] == window["letter"] + " tie" * tie
        found = outputs[r][c]
        assert found["value"] == ("·" if value is None else number(value))
        assert found["marks"] == (["gr-now"] if output == current.node else [])
        told = "" if gradient is None else "no path" if gradient is NO_PATH else number(gradient)
        assert (found["sum"], found["ink"]) == (told, ink)
        assert found["inks"] == ([ink] if told else [])

    def cell(self, grid: dict[str, Any], at: str) -> Any:
        r, c = map(int, at.split(","))
        return grid["cells"][r][c]


# -- What is stepped through


def pooled() -> tuple[Value, Any]:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return 0.7 * p[0] - 0.9 * p[1], p


def overlapping() -> tuple[Value, Any]:
    x = [Value(v, f"x{i}") for i, v in enumerate((1.0, 5.0, 2.0, 5.0, 1234.5678, 0.25))]
    p = max_pool1d([*x[:4], 7.5, *x[4:]], kernel_size=4, stride=1)
    y = p[0] * 0.5
    for k, one in enumerate(p[1:]):
        y = y + one * (-1.5) ** k
    return y, p


def averaged() -> tuple[Value, Any]:
    p = avg_pool1d([Value(v, f"x{i}") for i, v in enumerate((2.0, 2.0, 4.0))], kernel_size=2, stride=1)
    return p[0] * p[1], p


def wide() -> tuple[Value, Any]:
    x = [Value(float(i * 7 % 10), f"x{i}") for i in range(20)]
    p = max_pool1d(x, kernel_size=3, stride=1)
    return p[0] * 2.0 - p[1] + p[2] - p[17], p


def strange() -> tuple[Value, Any]:
    x, y = Value(-1.0, "x"), Value(0.0, "y")
    return maximum(log(x), y / y) + relu(x) * (1 / y) - x * 1e9, None


def routed() -> tuple[Value, Any]:
    a, b, c = (Value(v, n) for v, n in ((1.0, "a"), (-2.0, "b"), (0.0, "c")))
    with scope("chosen"), scope("inner"):
        d = Value(0.125, "d")
        e = where(a, b * d, c) + maximum(b, d)
    return e * relu(b - 1) + b * b, None


def folded() -> tuple[Value, Any]:
    cells = [[Value(r * c - 2.0, f"x{r}{c}") for c in range(4)] for r in range(4)]
    p = max_pool2d(cells, kernel_size=2)
    with scope("sum"):
        y = relu(p[0][0] + p[0][1]) + p[1][0] * p[1][1] + p[1][1] * p[1][1]
        z = y * 2
    return y - z * cells[0][0], p


GRAPHS: dict[str, Callable[[], tuple[Value, Any]]] = {
    f.__name__: f for f in (pooled, overlapping, averaged, wide, strange, routed, folded)
}


SOME = [name if name in ("pooled", "routed") else pytest.param(name, marks=pytest.mark.slow) for name in GRAPHS]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(MODULE, "page.mjs", tmp_path_factory.mktemp("page")) as ask:
        yield Node(ask)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    need_browser()
    with browser() as started:
        yield started


@pytest.fixture(params=["node", pytest.param("chromium", marks=pytest.mark.slow)])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    if request.param == "node":
        yield request.getfixturevalue("node")
        return
    page = Chromium(request.getfixturevalue("chromium"), tmp_path)
    with page.stack:
        yield page


def shown(name: str, **more: Any) -> tuple[Stepper, Shown]:
    y, p = GRAPHS[name]()
    stepper = viz.step(y, names=False, grid=p, collapse=name == "folded", **more)
    return stepper, Shown(stepper, steps(y))


def moved(name: str, numbers: dict[int, float]) -> Steps:
    """The steps of the same graph with other numbers in its leaves."""
    graph = Graph(GRAPHS[name]()[0])
    for leaf, x in numbers.items():
        graph.values[leaf].data = x
    graph.forward()
    return steps(graph.values[graph.outputs[0]])


@pytest.mark.slow
@pytest.mark.parametrize("name", SOME)
def test_at_every_step_the_whole_page_says_what_python_says(host: Host, name: str) -> None:
    stepper, known = shown(name)
    host.open(stepper)
    for k in range(len(known.seen)):
        if k:
            host.press("ArrowRight")
        known.check(host.seen(), k)
    for k in (len(known.seen) // 2, 0, len(known.seen) - 1):
        host.go(k)
        known.check(host.seen(), k)


@pytest.mark.slow
@pytest.mark.parametrize("name", SOME)
def test_an_edited_page_says_what_python_says_of_the_edited_graph(host: Host, name: str) -> None:
    stepper, known = shown(name)
    host.open(stepper)
    rng, edits = random.Random(name), {}
    for _ in range(6):
        row, leaf = rng.choice([*enumerate(sorted(known.graph.leaves, key=known.is_kept))])
        edits[leaf] = rng.choice([-3.0, 0.0, 0.5, 7.0, 123.25])
        host.go(rng.randrange(len(known.seen)))
        host.fill(row, edits[leaf])
        known.learn(moved(name, edits))
        for keys in ((), ("Escape", "End"), ("ArrowLeft",), ("Home",)):
            host.press(*keys)
            seen = host.seen()
            known.check(seen, int(seen["slider"][1]))
    host.press("r")
    known.learn(known.recorded)
    known.check(host.seen(), 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pooled", "folded"])
def test_breakpoints_are_seen_at_their_nodes_and_on_the_bar(host: Host, name: str) -> None:
    stepper, known = shown(name)
    host.open(stepper)
    for k in (3, 8, 3, len(known.seen) - 1, 5):
        host.go(k)
        host.press("b")
        known.stops = known.stops ^ {known.seen.node(k)}
        known.check(host.seen(), k)
