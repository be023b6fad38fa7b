"""A routine as machine code for the Numba interpreter: fused, with slots reused as soon as they are free.

The code is one row of whole numbers. An operand is a *slot* (a row of one number for each sample of a block) or, as
a negative number, a *uniform* (one number for all), of which -1 is the first. Chains of ``a + b * c`` become one
instruction, several over the same operands too (:mod:`autodiff.programs.tiles`), and so do products that are summed
over the samples; every number is rounded exactly as if each operation stood alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from autodiff.language.primitives import PRIMITIVES
from autodiff.programs.backends.choices import TESTS, Choices, Tree
from autodiff.programs.routine import Routine
from autodiff.programs.tiles import Chain, Dots, Tile, chains, dots, tiles

__all__ = ["BINARY", "CODES", "UNARY", "Machine", "assemble"]

# Instruction names, numbered: those of the machine alone, then a name for each primitive.
SPECIAL = ["load", "store", "dots", "macs", "tile"]
BINARY, UNARY = (sorted(name for name, row in PRIMITIVES.items() if row.arity == arity) for arity in (2, 1))
CODES = {name: number for number, name in enumerate([*SPECIAL, *TESTS, "if", *BINARY, *UNARY])}
if _unknown := sorted(PRIMITIVES.keys() - CODES.keys()):
    raise NotImplementedError(f"the machine has no instruction for {', '.join(_unknown)}")


STEP = 4  # tiles have a multiple of so many outputs
NOTHING = -1  # the place of -0.0, which a sum may start with: added to anything, it changes no bit


@dataclass
class Machine:
    """The code for the samples and for the uniforms, and how much room they need."""

    code: list[int] = field(default_factory=list)
    uniform_code: list[int] = field(default_factory=list)
    constants: list[float] = field(default_factory=lambda: [-0.0])  # first the one at NOTHING
    uniform_results: list[int] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)  # of the uniforms, by their place in the listing
    slots: int = 0
    instructions: int = 0


@dataclass
class _Item:
    """A fused instruction before its slots are known: what it defines and reads (all places in the listing)."""

    name: str
    places: tuple[int, ...]
    reads: tuple[int, ...]
    payload: tuple[int, ...] = ()


def assemble(routine: Routine, params: int) -> Machine:
    """Machine code for a routine with so many parameters, which are the first uniforms."""
    return _Assembler(routine, params).machine


class _Assembler:
    def __init__(self, routine: Routine, params: int) -> None:
        self.routine, self.params = routine, params
        self.machine = Machine()
        self.uniforms = self._number_uniforms()
        self.inner = len(routine.listing.instructions)  # places of what is within a choice
        is_fused = "fuse" in routine.listing.passes
        self.choices = Choices(routine, routine.uses) if is_fused else None
        self.chains = chains(routine)
        self.items = self._select()
        self._place(self._spread(self.items))

    def _number_uniforms(self) -> dict[int, int]:
        """Parameters first, then constants, then what is computed from them, in order."""
        found = {NOTHING: self.params}
        computed = []
        for place in self.routine.order:
            instruction = self.routine[place]
            if instruction.op == "param":
                found[place] = int(instruction.payload)
            elif instruction.op == "const":
                found[place] = self.params + len(self.machine.constants)
                self.machine.constants.append(instruction.payload)
            elif self.routine.is_uniform(place):
                computed.append(place)
        first = self.params + len(self.machine.constants)
        found.update({place: first + i for i, place in enumerate(computed)})
        for place in computed:
            self._write_uniform(place, found)
        self.machine.uniform_results = [found[place] for place in computed]
        self.machine.numbers = found
        return found

    def _write_uniform(self, place: int, numbers: dict[int, int]) -> None:
        """What is computed from uniforms has a slot of its own while they run, which is then the next uniform."""
        instruction, first = self.routine[place], self.params + len(self.machine.constants)
        reads = [numbers[arg] - first if numbers[arg] >= first else ~numbers[arg] for arg in instruction.args]
        self.machine.uniform_code += [CODES[instruction.op], numbers[place] - first, *reads]

    def _select(self) -> list[_Item]:
        """Choose instructions for what is needed and varies from sample to sample, from the end; fuse where it can."""
        ends = [_ends(group) for group in dots(self.routine)]
        ends += [_Item("store", (), (place,), (i,)) for i, place in enumerate(self.routine.results)]
        needed = {read for end in ends for read in end.reads}
        if "drop" not in self.routine.listing.passes:
            needed.update(self.routine.order)
        items: dict[int, _Item] = {}
        wanted: dict[int, Chain] = {}
        order = [place for place in reversed(self.routine.order) if not self.routine.is_uniform(place)]
        for place in order:
            if place in needed and place in self.chains:
                wanted[place] = chain = self.chains[place]
                needed.update(*chain.terms, () if chain.start is None else (chain.start,))
            elif place in needed:
                some = self._items(place)
                items.update((item.places[0], item) for item in some)
                needed.update(read for item in some for read in item.reads)
        for tile in tiles(self.routine, dict(reversed(wanted.items()))):
            for item in _macs(tile):
                items.update(dict.fromkeys(item.places, item))
        return [*_ordered([items[place] for place in reversed(order) if place in items], items), *ends]

    def _items(self, place: int) -> list[_Item]:
        """What one place comes to."""
        op, args, payload = self.routine[place]
        if op == "input":
            return [_Item("load", (place,), (), (int(payload),))]
        choice = self.choices.find(place) if op == "if" and self.choices else None
        return [_Item(op, (place,), args)] if choice is None else self._chosen(choice, place)

    def _chosen(self, choice: Tree, place: int) -> list[_Item]:
        """An instruction for each test of a choice; those within it get places of their own."""
        items: dict[Tree, _Item] = {}

        def made(tree: Tree) -> int:
            if isinstance(tree, int):
                return tree
            if tree not in items:
                test, x, y, a, b = tree
                reads = (x, y, made(a), made(b))
                self.inner += 1
                items[tree] = _Item(test, (place if tree is choice else self.inner,), reads)
            return items[tree].places[0]

        made(choice)
        return [*items.values()]

    def _spread(self, items: list[_Item]) -> list[_Item]:
        """Items in an order in which everything is read soon."""
        known = {place: i for i, item in enumerate(items) for place in item.places}
        # Stores and sums have no place of their own: they go right behind the last thing that they read.
        late: dict[int, list[_Item]] = {}
        for item in items:
            if not item.places:
                last = max((known[read] for read in item.reads if read in known), default=-1)
                late.setdefault(last, []).append(item)
        ordered = list(late.get(-1, []))
        for i, item in enumerate(items):
            if item.places:
                ordered += [item, *late.get(i, [])]
        return ordered

    def _place(self, items: list[_Item]) -> None:
        """Give every value a slot from its definition to its last use, and write the code."""
        reads = [self._slots_read(item) for item in items]
        last = {read: i for i, some in enumerate(reads) for read in some}
        free: list[int] = []
        slots: dict[int, int] = {}
        for i, item in enumerate(items):
            # Results get their slots before the operands give theirs back: no instruction writes what it reads.
            for place in item.places:
                slots[place] = self._slot(free)
            self._write(item, slots)
            for read in dict.fromkeys(reads[i]):
                if last[read] == i:
                    free.append(slots[read])
            free += [slots[place] for place in item.places if place not in last]
        self.machine.instructions = len(items)

    def _slot(self, free: list[int]) -> int:
        if free and "reuse" in self.routine.listing.passes:
            return free.pop()
        self.machine.slots += 1
        return self.machine.slots - 1

    def _slots_read(self, item: _Item) -> list[int]:
        """The reads that are in slots; the others are uniforms."""
        return [read for read in item.reads if read not in self.uniforms]

    def _write(self, item: _Item, slots: dict[int, int]) -> None:
        reads = [~self.uniforms[read] if read in self.uniforms else slots[read] for read in item.reads]
        code = self.machine.code
        code.append(CODES[item.name])
        if item.name == "store":
            code += [*item.payload, *reads]
        elif item.name == "dots":  # numbers of rows and of columns, both, and which sums they are
            rows, columns, *numbers = item.payload
            code += [rows, columns, *reads, *numbers]
        elif item.name in ("macs", "tile"):  # numbers of results and of terms, each result and its start, the terms
            count = len(item.places)
            code += [count, (len(reads) - count) // (count + 1)]
            for place, start in zip(item.places, reads[:count], strict=True):
                code += [slots[place], start]
            code += reads[count:]
        else:
            code += [*(slots[place] for place in item.places), *item.payload, *reads]


def _macs(tile: Tile) -> Iterator[_Item]:
    """A tile of a multiple of four, and the rest one by one; a product that stands alone is one."""
    starts = [NOTHING if start is None else start for start in tile.starts]
    count = len(starts) // STEP * STEP
    for some in (slice(0, count), *(slice(j, j + 1) for j in range(count, len(starts)))):
        outputs, reads = tile.outputs[some], starts[some]
        for operand, factors in zip(tile.operands, tile.factors, strict=True):
            reads += (operand, *factors[some])
        if len(outputs) == len(tile.operands) == 1 and reads[0] == NOTHING:
            yield _Item("*", outputs, tuple(reads[1:]))
        elif outputs:
            yield _Item("macs" if len(outputs) == 1 else "tile", outputs, tuple(reads))


def _ends(group: Dots) -> _Item:
    numbers = (number for row in group.numbers for number in row)
    return _Item("dots", (), (*group.rows, *group.columns), (len(group.rows), len(group.columns), *numbers))


def _ordered(items: list[_Item], made: dict[int, _Item]) -> list[_Item]:
    """Each item once, after all that it reads, and otherwise as they come."""
    ordered: list[_Item] = []
    done: set[int] = set()
    for item in items:
        waiting = [item]
        while waiting:
            item = waiting[-1]
            missing = [read for read in item.reads if read in made and read not in done]
            if item.places[0] not in done and not missing:
                done.update(item.places)
                ordered.append(item)
            if missing and item.places[0] not in done:
                waiting += [made[read] for read in reversed(missing)]
            else:
                waiting.pop()
    return ordered
