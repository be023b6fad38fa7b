"""What the page's JavaScript works on: a graph's structure and numbers, and its operations' formulas as data.

The page computes every step by itself, so that a leaf can be changed in it; it gets each formula, each sentence
and each piece of notation from the same row of the table that Python reads.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping

from autodiff import Graph, Operation, Steps
from autodiff.facts.decisions import comparison, fair_rivals, is_negation
from autodiff.facts.words import (
    SENTENCES,
    TIES,
    call_template,
    comparison_templates,
    formula_template,
    is_arithmetic,
    operation_text,
    why_no_path,
)
from autodiff.language.formulas import COMPARE
from autodiff.language.notation import as_data, as_json, figures
from autodiff.table.operations import expanded
from viz.graph.constants import constants_of
from viz.ink.mathml import mathml
from viz.page import contract
from viz.page.contract import Condition, Facts, Node, Partial

__all__ = ["operation_data", "operation_names", "page_data"]


def page_data(told: Steps) -> Facts:
    """The data of a page for these steps, ready for JSON (numbers that JSON has not are text: "nan", "inf")."""
    graph = told.graph
    names, (digits, least, minus, _) = operation_names(graph), figures()
    return {
        "nodes": [_node(graph, number, told.telling.called(number), names) for number in range(len(graph))],
        "output": graph.outputs[0],
        "seed": as_json(told.seed),
        "figures": {"digits": digits, "least": least, "minus": minus},
        "operations": {name: operation_data(op) for op, name in names.items()},
        "sentences": SENTENCES,
    }


def operation_names(graph: Graph) -> dict[Operation, str]:
    """What the page calls each operation: two rows of one name, where one was corrected since, stay two."""
    found: dict[Operation, str] = {}
    often: Counter[str] = Counter()
    for node in graph:
        if node.op is not None and node.op not in found:
            often[node.op.name] += 1
            count = often[node.op.name]
            found[node.op] = node.op.name if count == 1 else f"{node.op.name} {count}"
    return found


def _node(graph: Graph, number: int, label: str, names: Mapping[Operation, str]) -> Node:
    node = graph.nodes[number]
    record: Node = {"label": label}
    if node.scope is not None:
        record["scope"] = list(node.scope.path)
    if node.op is None:
        record["value"] = as_json(graph.values[number].data)
        if number in constants_of(graph):
            record |= {"constant": True, "text": "constant"}
    else:  # the page computes it: nothing tells who predicts a number what was recorded
        record["op"] = names[node.op]
        record["text"] = operation_text(node)
        # A constant is wrapped in a list, so that 3 (node 3) and 3.0 (the number) cannot be mistaken.
        record["args"] = [arg if isinstance(arg, int) else [as_json(arg)] for arg in node.args]
        record["refusals"] = [why_no_path(node, position) for position in range(len(node.args))]
    return record


def operation_data(op: Operation) -> contract.Operation:
    return {
        "inputs": list(op.inputs),
        "symbol": op.symbol,
        "notation": op.notation,
        "call": call_template(op),
        "value": as_data(expanded(op.value)),
        "math": _math(op, op.value),
        "choice": op.is_choice,
        "rivals": fair_rivals(op),
        "ties": list(TIES),
        "partials": [_decision(op, partial) for partial in op.partials],
    }


def _decision(op: Operation, partial: ast.expr) -> Partial:
    """A partial as a tree of conditions; each end is a formula, its text, and the notation of its flow."""
    if isinstance(partial, ast.IfExp):
        return {
            "test": _test(op, partial.test),
            "then": _decision(op, partial.body),
            "else": _decision(op, partial.orelse),
        }
    if isinstance(partial, ast.Constant) and partial.value is None:
        return {"formula": None}
    return {
        "formula": as_data(expanded(partial)),
        "text": formula_template(op, partial),
        "flow": _math(op, ast.BinOp(partial, ast.Mult(), ast.Name("up"))),
        "arithmetic": is_arithmetic(partial),
        "name": isinstance(partial, ast.Name),
    }


def _test(op: Operation, test: ast.expr) -> Condition:
    if isinstance(test, ast.BoolOp):
        parts = [_test(op, value) for value in test.values]
        return {"any": parts} if isinstance(test.op, ast.Or) else {"all": parts}
    if is_negation(test):
        return {"not": _test(op, test.operand)}
    compare = comparison(test)
    holds, fails, undecided = comparison_templates(op, compare)
    sides = [as_data(expanded(side)) for side in (compare.left, *compare.comparators)]
    sign = COMPARE[type(compare.ops[0])]
    words: Condition = {"holds": holds, "fails": fails, "nan": undecided}
    return {"compare": [sign, *sides], **words}


def _math(op: Operation, tree: ast.expr) -> str:
    """MathML with ``{0}``, ``{1}`` where the operands' markup goes, ``{out}`` for the value, ``{up}`` for upstream."""
    slots = {name: f"{{{i}}}" for i, name in enumerate(op.inputs)}
    return mathml(tree, {**slots, "out": "{out}", "up": "{up}"})
