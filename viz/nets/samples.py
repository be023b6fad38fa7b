"""The same network on several inputs: which layers belong to which sample, and its part of the weights' gradient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field

from viz.nets.facts import Network, read
from viz.nets.fields import Field
from viz.nets.uses import uses_of

__all__ = ["Sample", "Shared", "samples_in", "samples_of", "shared_by"]


@dataclass(frozen=True)
class Sample:
    """One input's way through a network: its layers in order."""

    name: str
    net: Network
    fields: Sequence[Field]
    cells: frozenset[int]  # the nodes of its layers
    called: Mapping[str, str] = dataclass_field(default_factory=dict)  # layers of which a part is shown

    def cropped(self, cut: tuple[range, range] | None) -> Sample:
        """The same with some rows and columns of each map; with all of them for None."""
        if not cut:
            return self
        parts = [(field.name, field.cropped(*cut)) for field in self.fields]
        fields = [replace(part, name=name) for name, part in parts]
        return replace(self, fields=fields, called={name: part.name for name, part in parts})


@dataclass(frozen=True)
class Shared:
    """Weights that all samples share: each sample's part of their gradient, and the whole; None where no path is."""

    field: Field
    parts: Sequence[Mapping[int, float | None]]
    whole: Mapping[int, float | None]
    rest: Mapping[int, float | None]  # what comes from elsewhere: a penalty on the weights, say


def samples_of(outputs: Sequence[object], upstream: float | None) -> list[Sample]:
    """A sample for each output; ``ValueError`` where there is none."""
    if not outputs:
        raise ValueError("network([]) has no output to show")
    nets = [read(output, upstream) for output in outputs]
    inputs = {frozenset(net.graph.values[n] for n in net.fields[0].nodes.values()) for net in nets}
    kind = "sample" if len(inputs) == len(nets) else "output"
    named = [net.graph.nodes[net.output].name for net in nets]
    tell = len({*named}) == len(nets) and None not in named
    return [
        Sample(str(name) if tell else f"{kind} {k}", net, net.fields, frozenset(net.home))
        for k, (net, name) in enumerate(zip(nets, named, strict=True))
    ]


def samples_in(net: Network) -> list[Sample]:
    """The samples whose losses an output sums up; none where the layers of its graph belong to one network.

    A layer that is computed for the second time belongs to the second sample, and so does what reads it alone.
    """
    kinds = Counter((field.layer, field.kind, field.shape) for field in net.fields)
    if max(kinds.values()) < 2:
        return []
    fields = [field for field in net.fields if net.output not in field.nodes.values()]
    owner = _owners(net, fields)
    count = 1 + max(owner.values(), default=0)
    return [_sample(net, owner, k) for k in range(count)] if count > 1 else []


def _owners(net: Network, fields: Sequence[Field]) -> dict[int, int]:
    """The sample of each cell; nothing where a cell reads several, which are no samples then."""
    owner: dict[int, int] = {}
    times: Counter[tuple[object, ...]] = Counter()
    for field in fields:
        if not any(map(net.reads, field.nodes.values())):
            key = field.layer, field.kind, field.shape
            owner |= dict.fromkeys(field.nodes.values(), times[key])
            times[key] += 1
    for number in sorted(n for field in fields for n in field.nodes.values() if n not in owner):
        read = {owner[n] for n in net.reads(number) if n in owner}
        if len(read) > 1:
            return {}
        owner.update((number, sample) for sample in read)
    for field in fields:  # cells over padding alone are of those beside them
        beside = {owner[n] for n in field.nodes.values() if n in owner}
        lost = [n for n in field.nodes.values() if n not in owner]
        if lost and len(beside) != 1:
            return {}
        owner.update((n, sample) for n in lost for sample in beside)
    return owner


def _sample(net: Network, owner: Mapping[int, int], k: int) -> Sample:
    found = [
        replace(field, name=field.layer, time=1, nodes={at: n for at, n in field.nodes.items() if owner.get(n) == k})
        for field in net.fields
    ]
    return Sample(
        f"sample {k}", net, [field for field in found if field.nodes], frozenset(n for n in owner if owner[n] == k)
    )


def shared_by(samples: Sequence[Sample]) -> Shared | None:
    """The first weights of the network, if all samples have the same."""
    first = samples[0].net
    field = next((field for fields in first.weights.values() for field in fields if field.kind == "weights"), None)
    if field is None:
        return None
    if all(sample.net is first for sample in samples):
        return _in_one(first, samples, field)
    parts: list[Mapping[int, float | None]] = []
    for sample in samples:
        try:
            there = {n: sample.net.graph.number(first.graph.values[n]) for n in field.nodes.values()}
        except ValueError:
            return None
        parts.append({n: sample.net.gradients.get(other) for n, other in there.items()})
    return Shared(field, parts, {n: _added([part[n] for part in parts]) for n in field.nodes.values()}, {})


def _in_one(net: Network, samples: Sequence[Sample], field: Field) -> Shared:
    """Parts of one pass: what came over the uses for each sample."""
    sent: list[dict[int, list[float | None]]] = [{n: [] for n in field.nodes.values()} for _ in range(len(samples) + 1)]
    for number, uses in uses_of(net, field.nodes.values()).items():
        for use in uses:
            cell = use.field.nodes[use.at]
            k = next((k for k, sample in enumerate(samples) if cell in sample.cells), len(samples))
            sent[k][number].append(use.sent)
    parts = [{n: _added(found) for n, found in one.items()} for one in sent]
    rest = parts.pop()
    whole = {n: net.gradients.get(n) for n in field.nodes.values()}
    return Shared(field, parts, whole, rest if any(x is not None for x in rest.values()) else {})


def _added(parts: Sequence[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known else None
