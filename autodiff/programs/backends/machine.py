"""A routine as machine code for the Numba interpreter: fused, with slots reused as soon as they are free.

The code is one row of whole numbers. An operand is a *slot* (a row of one number for each sample of a block) or, as
a negative number, a *uniform* (one number for all), of which -1 is the first. Chains of ``a + b * c`` become one
instruction, and so do the products of one factor that are summed over the samples; every number is rounded exactly
as if each operation stood alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from autodiff.language.primitives import PRIMITIVES
from autodiff.programs.backends.choices import TESTS, Choices, Tree
from autodiff.programs.routine import Routine

__all__ = ["BINARY", "CODES", "UNARY", "Machine", "assemble"]

# Instruction names, numbered: those of the machine alone, then a name for each primitive.
SPECIAL = ["load", "store", "sum", "dots", "macs"]
BINARY, UNARY = (sorted(name for name, row in PRIMITIVES.items() if row.arity == arity) for arity in (2, 1))
CODES = {name: number for number, name in enumerate([*SPECIAL, *TESTS, "if", *BINARY, *UNARY])}
if _unknown := sorted(PRIMITIVES.keys() - CODES.keys()):
    raise NotImplementedError(f"the machine has no instruction for {', '.join(_unknown)}")


@dataclass
class Machine:
    """The code for the samples and for the uniforms, and how much room they need."""

    code: list[int] = field(default_factory=list)
    uniform_code: list[int] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)
    uniform_results: list[int] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)  # of the uniforms, by their place in the listing
    slots: int = 0
    instructions: int = 0


@dataclass
class _Item:
    """A fused instruction before its slots are known: what it defines and reads (all places in the listing)."""

    name: str
    place: int
    reads: tuple[int, ...]
    payload: tuple[int, ...] = ()


def assemble(routine: Routine, params: int) -> Machine:
    """Machine code for a routine with so many parameters, which are the first uniforms."""
    return _Assembler(routine, params).machine


class _Assembler:
    def __init__(self, routine: Routine, params: int) -> None:
        self.routine, self.params = routine, params
        self.machine = Machine()
        self.uses = self._count_uses()
        self.uniforms = self._number_uniforms()
        self.items: list[_Item] = []
        self._select()
        self._place(self._spread(self.items))

    def _count_uses(self) -> dict[int, int]:
        uses: dict[int, int] = {}
        instructions = self.routine.listing.instructions
        for place in self.routine.order:
            for arg in instructions[place].args:
                uses[arg] = uses.get(arg, 0) + 1
        for place in (*self.routine.results, *self.routine.sums):
            uses[place] = uses.get(place, 0) + 1
        return uses

    def _number_uniforms(self) -> dict[int, int]:
        """Parameters first, then constants, then what is computed from them, in order."""
        found: dict[int, int] = {}
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

    def _select(self) -> None:
        """Choose instructions for what is needed and varies from sample to sample, from the end; fuse where it can."""
        self._fuse()
        self._sums()
        self.items += [_Item("store", -1, (place,), (i,)) for i, place in enumerate(self.routine.results)]
        ends, self.items = self.items, []
        needed = {read for end in ends for read in end.reads}
        if "drop" not in self.routine.listing.passes:
            needed.update(self.routine.order)
        for place in reversed(self.routine.order):
            if place in needed and not self.routine.is_uniform(place):
                items = self._items(place)
                self.items += reversed(items)
                needed.update(read for item in items for read in item.reads)
        self.items = [*reversed(self.items), *ends]

    def _items(self, place: int) -> list[_Item]:
        """What one place comes to."""
        op, args, payload = self.routine[place]
        if op == "input":
            return [_Item("load", place, (), (int(payload),))]
        if place in self.chains:
            return [self._macs(place)]
        choice = self.choices.find(place) if op == "if" and self.choices else None
        return [_Item(op, place, args)] if choice is None else self._chosen(choice, place)

    def _chosen(self, choice: Tree, place: int) -> list[_Item]:
        """An instruction for each test of a choice; those within it get places of their own."""
        items: dict[Tree, _Item] = {}

        def made(tree: Tree) -> int:
            if isinstance(tree, int):
                return tree
            if tree not in items:
                test, x, y, a, b = tree
                reads = (x, y, made(a), made(b))
                self.places += 1
                items[tree] = _Item(test, place if tree is choice else self.places, reads)
            return items[tree].place

        made(choice)
        return [*items.values()]

    def _fuse(self) -> None:
        """Find chains, and products that are only summed."""
        self.chains: dict[int, tuple[int, list[tuple[int, int]]]] = {}
        self.products: dict[int, tuple[int, ...]] = {}
        self.choices: Choices | None = None
        self.places = len(self.routine.listing.instructions)
        if "fuse" not in self.routine.listing.passes:
            return
        self.choices = Choices(self.routine, self.uses)
        for place in self.routine.order:
            self._extend_chain(place)
        for place in set(self.routine.sums):
            instruction = self.routine[place]
            if instruction.op == "*" and self.uses[place] == 1 and self._all_vary(instruction.args):
                self.products[place] = instruction.args

    def _all_vary(self, places: Iterable[int]) -> bool:
        return not any(self.routine.is_uniform(place) for place in places)

    def _extend_chain(self, place: int) -> None:
        """``start + b * c`` begins a chain; a chain used once, in another such sum, goes on in it."""
        instruction = self.routine[place]
        if instruction.op != "+" or self.routine.is_uniform(place):
            return
        for start, product in (instruction.args, instruction.args[::-1]):
            part = self.routine[product]
            alone = self.uses[product] == 1 and product not in self.chains and not self.routine.is_uniform(product)
            if part.op == "*" and alone and start != product:
                self.chains[place] = (start, [part.args[:2]])  # type: ignore[list-item]
                if start in self.chains and self.uses[start] == 1:
                    before, terms = self.chains.pop(start)
                    self.chains[place] = (before, [*terms, *self.chains[place][1]])
                return

    def _macs(self, place: int) -> _Item:
        start, terms = self.chains[place]
        flat: list[int] = []
        for b, c in terms:
            flat += (b, c) if not self.routine.is_uniform(b) else (c, b)
        return _Item("macs", place, (start, *flat))

    def _sums(self) -> None:
        """Sums over the samples: the products of one factor together, each group where its last part is known."""
        groups: dict[int, list[tuple[int, int]]] = {}
        factors = Counter(factor for pair in self.products.values() for factor in pair)
        for i, place in enumerate(self.routine.sums):
            if self.routine.is_uniform(place):
                continue
            if place not in self.products:
                self.items.append(_Item("sum", -1, (place,), (i,)))
                continue
            b, c = self.products[place]
            shared = c if factors[c] > factors[b] else b
            groups.setdefault(shared, []).append((i, b if shared == c else c))
        for shared, parts in groups.items():
            self.items.append(_Item("dots", -1, (shared, *(part for _, part in parts)), tuple(i for i, _ in parts)))

    def _spread(self, items: list[_Item]) -> list[_Item]:
        """Items in an order in which everything is read soon."""
        known = {item.place: i for i, item in enumerate(items) if item.place >= 0}
        # Stores and sums have no place of their own: they go right behind the last thing that they read.
        late: dict[int, list[_Item]] = {}
        for item in items:
            if item.place < 0:
                last = max((known[read] for read in item.reads if read in known), default=-1)
                late.setdefault(last, []).append(item)
        ordered = list(late.get(-1, []))
        for i, item in enumerate(items):
            if item.place >= 0:
                ordered += [item, *late.get(i, [])]
        return ordered

    def _place(self, items: list[_Item]) -> None:
        """Give every value a slot from its definition to its last use, and write the code."""
        last: dict[int, int] = {}
        for i, item in enumerate(items):
            for read in self._slots_read(item):
                last[read] = i
        free: list[int] = []
        slots: dict[int, int] = {}
        for i, item in enumerate(items):
            # The result gets its slot before the operands give theirs back: no instruction writes what it reads.
            if item.place >= 0:
                slots[item.place] = self._slot(free)
            self._write(item, slots)
            for read in dict.fromkeys(self._slots_read(item)):
                if last[read] == i:
                    free.append(slots[read])
            if item.place >= 0 and item.place not in last:
                free.append(slots[item.place])
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
        if item.name in ("store", "sum"):
            code += [*item.payload, *reads]
        elif item.name == "dots":
            code += [reads[0], len(item.payload)]
            for index, read in zip(item.payload, reads[1:], strict=True):
                code += [index, read]
        elif item.name == "macs":  # destination, start, number of terms, the terms
            code += [slots[item.place], reads[0], len(reads) // 2, *reads[1:]]
        else:
            code += [slots[item.place], *item.payload, *reads]
