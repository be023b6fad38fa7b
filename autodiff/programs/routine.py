"""What a backend runs: the instructions that some results need, in order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from autodiff.programs.listing import Instruction, Listing

__all__ = ["Routine"]


@dataclass(frozen=True)
class Routine:
    """``results`` are wanted for every sample, ``sums`` summed over the samples; both are places in the listing."""

    listing: Listing
    results: tuple[int, ...]
    sums: tuple[int, ...]

    def __getitem__(self, place: int) -> Instruction:
        return self.listing.instructions[place]

    @cached_property
    def order(self) -> list[int]:
        """The places that are needed, operands before their uses: everything else is dropped."""
        instructions = self.listing.instructions
        if "drop" not in self.listing.passes:
            return list(range(len(instructions)))
        needed = [False] * len(instructions)
        for place in (*self.results, *self.sums):
            needed[place] = True
        for place in range(len(instructions) - 1, -1, -1):
            if needed[place]:
                for arg in instructions[place].args:
                    needed[arg] = True
        return [place for place, wanted in enumerate(needed) if wanted]

    @cached_property
    def uses(self) -> dict[int, int]:
        """How often each place is an operand or wanted."""
        uses: dict[int, int] = {}
        for place in self.order:
            for arg in self.listing.instructions[place].args:
                uses[arg] = uses.get(arg, 0) + 1
        for place in (*self.results, *self.sums):
            uses[place] = uses.get(place, 0) + 1
        return uses

    @cached_property
    def depths(self) -> list[int]:
        """How long the way to each place is from what is given: two places of one depth do not need each other."""
        instructions, ranks = self.listing.instructions, self.listing.ranks
        depths = [0] * len(instructions)
        for place in self.order:
            if ranks[place] == 2:
                deepest = 0
                for arg in instructions[place].args:
                    if depths[arg] > deepest:
                        deepest = depths[arg]
                depths[place] = deepest + 1
        return depths

    def is_uniform(self, place: int) -> bool:
        """Whether an instruction has one value for all samples."""
        return self.listing.ranks[place] < 2
