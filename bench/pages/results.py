"""What was measured: the time and the size of each page and command, at each size."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

SLOW = 0.5
"""Seconds that a page may take."""
GROWN = 20.0
"""MiB that a command may take more than at the first size."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What was measured at one size.

    ``amount`` are bytes of a response, MiB of a command. ``cpu`` are the seconds of processor time
    of a command, without those of the store.
    """

    seconds: float
    amount: float
    cpu: float | None = None

    def __str__(self) -> str:
        took = f"{self.seconds:.1f} s" if self.seconds >= 1 else f"{1000 * self.seconds:.0f} ms"
        if self.cpu is None:
            return f"{took}, {self.amount / 1000:.0f} KB"
        return f"{took} ({self.cpu:.1f} s CPU), {self.amount:.0f} MiB"


@dataclass(slots=True)
class Table:
    """The measurements of an engine: those of pages and of commands, by name and by size."""

    pages: dict[str, dict[int, Cell]] = field(default_factory=dict)
    commands: dict[str, dict[int, Cell]] = field(default_factory=dict)

    def print(self, engine: str, sizes: Sequence[int]) -> None:
        print(f"\n| {engine} | {' | '.join(f'{size:,}' for size in sizes)} |")
        print("|---" * (len(sizes) + 1) + "|")
        for name, cells in (*self.pages.items(), *self.commands.items()):
            shown = [str(cells.get(size, "")) for size in sizes]
            print(f"| {name} | {' | '.join(shown)} |")
        sys.stdout.flush()

    def failures(self) -> Iterator[str]:
        """Yield the pages that are slow, and the commands whose memory has grown."""
        for name, cells in self.pages.items():
            for size, cell in cells.items():
                if cell.seconds > SLOW:
                    yield f"{name} takes {cell.seconds:.2f} s at {size:,}"
        for name, cells in self.commands.items():
            first = min(cells)
            for size, cell in cells.items():
                if cell.amount > cells[first].amount + GROWN:
                    yield f"{name} takes {cell.amount:.0f} MiB at {size:,}"
