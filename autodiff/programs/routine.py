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

    def is_uniform(self, place: int) -> bool:
        """Whether an instruction has one value for all samples."""
        return self.listing.ranks[place] < 2
