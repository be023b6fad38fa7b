"""What is told of two moments, in sentences made of the facts of :mod:`viz.pairs.changes`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from autodiff import Edge, Node
from autodiff.facts.telling import Telling
from autodiff.facts.words import operation_text
from autodiff.language.notation import numeral
from autodiff.recording.reverse import NO_PATH
from autodiff.writing.phrases import is_own
from viz.ink.text import visible
from viz.pairs.changes import Changes, Choice
from viz.pairs.matching import Moment

__all__ = ["LISTED", "NAME", "causes", "in_short", "number_text", "sentences"]

LISTED = 3  # changes of a kind that are told one by one
NAME = 24  # characters of a name in a sentence


def sentences(changes: Changes) -> list[str]:
    """What changed and why, the causes first."""
    parts = _structure, _leaves, _constants, _choices, _outputs, _gradients
    told = [sentence for part in parts for sentence in part(changes)]
    return told or _nothing(changes)


def causes(changes: Changes) -> list[str]:
    """What is other to begin with: leaves, constants, and the choices that they decide."""
    return [sentence for part in (_leaves, _constants, _choices) for sentence in part(changes)]


def number_text(number: float | None) -> str:
    """A value or a gradient; that none was computed, or that there is no path, is told in words."""
    return "not computed" if number is None else "no path" if number is NO_PATH else numeral(number)


def called(moment: Moment, number: int) -> str:
    """What a sentence calls a node: as its box does, and one without a name of its own with what it computes."""
    node, label = moment.graph.nodes[number], visible(moment.labels[number], NAME)
    return label if node.op is None or is_own(number, moment.labels[number]) else f"{label} ({operation_text(node)})"


def _structure(changes: Changes) -> Iterator[str]:
    """In what two graphs of different structure differ: how often an operation is in each."""
    if changes.alike:
        return
    before, after = (
        Counter(operation_text(node) for node in moment.graph if node.op) for moment in (changes.before, changes.after)
    )
    other = [text for text in (before | after) if before[text] != after[text]]
    if other:
        listed = _joined([f"{text} {before[text]} times before, {after[text]} after" for text in other[:LISTED]])
        yield f"The structure is another: {listed}."
    else:
        yield "The structure is another: the same operations, put together otherwise."


def _leaves(changes: Changes) -> Iterator[str]:
    graph = changes.after.graph
    changed = [number for number in changes.values if graph.nodes[number].op is None]
    if changes.step is not None:
        yield f"{_few(changes, changed)} moved by {numeral(changes.step)} × their gradients before."
    elif len(changed) > LISTED:
        yield f"{len(changed)} of {len(graph.leaves)} leaves have other values."
    elif changed:
        yield f"{_joined([_was(changes, number) for number in changed])}."


def _few(changes: Changes, leaves: Sequence[int]) -> str:
    """Leaves by their names, or how many they are."""
    return f"{len(leaves)} leaves" if len(leaves) > LISTED else _joined([called(changes.after, n) for n in leaves])


def _was(changes: Changes, number: int) -> str:
    new = changes.after.snapshot.values[number]
    return f"{called(changes.after, number)} was {number_text(changes.values[number])}, is {number_text(new)}"


def _constants(changes: Changes) -> Iterator[str]:
    for number in changes.constants[:LISTED]:
        old = changes.before.graph.nodes[changes.twins[number]]
        yield f"{operation_text(old)} became {operation_text(changes.after.graph.nodes[number])}."


def _choices(changes: Changes) -> Iterator[str]:
    for choice in changes.choices[:LISTED]:
        yield _choice(changes, choice)
    if (more := len(changes.choices) - LISTED) > 0:
        yield f"{more} more {'choices were' if more > 1 else 'choice was'} decided otherwise."


def _choice(changes: Changes, choice: Choice) -> str:
    node, after = changes.after.graph.nodes[choice.number], changes.after
    assert node.op is not None
    if len(node.op.inputs) == 1:
        operand = node.args[0]
        assert isinstance(operand, int)
        if choice.won is None:
            told = Telling(after.graph.nodes, after.labels, [value or 0.0 for value in after.snapshot.values])
            return f"{_inside(node)}{told.refusal(Edge(operand, node.number, 0))}; before it was on."
        state = f"is on, and was off before: {called(after, operand)} is {_value(after, operand)}"
        return f"{_inside(node)}{called(after, choice.number)} {state}."
    part = node.scope is not None and node.scope.part is not None
    place = visible(node.scope.name, NAME) if node.scope and part else called(after, choice.number)
    place = _begun(place) if part else f"{_inside(node)}{place}"
    won, lost = _side(after, choice.won), _side(changes.before, choice.lost)
    text = f"{place} {'is won by' if node.op.name == 'maximum' else 'takes'} {won}, not {lost} as before"
    if choice.sent is not None and isinstance(choice.won, int):
        text += f"; its gradient {numeral(choice.sent)} goes there"
    return f"{text}."


def _inside(node: Node) -> str:
    """Where a node stands that a picture may have folded away."""
    names = [visible(name, NAME) for name in reversed(node.scope.path) if name] if node.scope else []
    return f"In {' of '.join(names[:2])}, " if names else ""


def _begun(text: str) -> str:
    """A text as a sentence begins."""
    return text[:1].upper() + text[1:]


def _value(moment: Moment, number: int) -> str:
    return number_text(moment.snapshot.values[number])


def _side(moment: Moment, operand: object) -> str:
    if isinstance(operand, int):
        return f"{called(moment, operand)} = {number_text(moment.snapshot.values[operand])}"
    return f"the constant {numeral(operand)}" if isinstance(operand, float) else "none"


def _outputs(changes: Changes) -> Iterator[str]:
    for number in changes.after.graph.outputs[:LISTED]:
        if number in changes.values and changes.after.graph.nodes[number].op is not None:
            yield f"{_was(changes, number)}."
        elif number in changes.twins and not changes.alike:
            value = _value(changes.after, number)
            yield f"{called(changes.after, number)} is {value} in both."


def _gradients(changes: Changes) -> Iterator[str]:
    before, after = changes.before, changes.after
    if changes.alike and not (changes.values or changes.gradients or changes.constants):
        return
    if before.passed != after.passed:
        side, verb = ("before", "had") if after.passed else ("after", "has")
        yield f"{side.capitalize()}, no backward pass {verb} been run."
        return
    if changes.passes is not None:
        yield from _several(*changes.passes)
        return
    if changes.added:
        verb = "hold what they" if len(changes.added) > 1 else "holds what it"
        rest = "held before, and what this pass has sent: nothing set them back to 0 in between."
        yield f"{_few(changes, changes.added)} {verb} {rest}"
    leaves = [number for number in after.graph.leaves if number in changes.twins]
    changed = [number for number in leaves if number in changes.gradients]
    if 0 < len(changed) <= LISTED:
        yield f"{'; '.join(_slope(changes, number) for number in changed)}."
    elif changed:
        yield f"The gradient is another in {len(changed)} of {len(leaves)} leaves."
    elif after.passed and leaves:
        yield (
            "Each leaf has the gradient that it had." if changes.alike else "Each leaf has the same gradient in both."
        )


def _slope(changes: Changes, number: int) -> str:
    old, new = changes.gradients[number], changes.after.snapshot.gradients[number]
    name = f"{called(changes.after, number)}.grad"
    if new is NO_PATH:
        return f"{name} was {number_text(old)}, and no path leads there now"
    if old is NO_PATH:
        return f"{name} is {number_text(new)}, and no path led there before"
    return f"{name} was {number_text(old)}, is {number_text(new)}"


def _several(one: int, other: int) -> Iterator[str]:
    yield f"Only gradients of leaves differ: they hold {_times(other)} what one pass sends, before {_times(one)}."
    if other > one:
        yield f"So it is when backward() ran {_times(other)} without zero_grad(): leaves add up, others start afresh."


def _times(count: int) -> str:
    return {0: "nothing of", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _nothing(changes: Changes) -> list[str]:
    if changes.after.passed:
        return ["Nothing differs: the same values, and the same gradients."]
    return ["Nothing differs: the same values; no backward pass has been run."]


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def in_short(told: Sequence[str]) -> str:
    """What is told to those who do not see a picture: four sentences at most, of more the causes, and how many follow.

    >>> in_short(["One."] * 4), in_short(["One."] * 6)
    ('One. One. One. One.', 'One. One. One. 3 more sentences stand below the picture.')
    """
    return " ".join(told if len(told) <= 4 else [*told[:3], f"{len(told) - 3} more sentences stand below the picture."])
