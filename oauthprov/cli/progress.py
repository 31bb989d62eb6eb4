"""Progress of long work on stderr: with rich on a terminal if installed, else plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SECONDS_BETWEEN_LINES = 5


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """Yield a function that adds a number of done items; show the sum as it grows."""
    if sys.stderr.isatty():
        try:
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn
        except ImportError:
            pass
        else:
            columns = (SpinnerColumn(), TextColumn(what), TextColumn("{task.completed:.0f}"))
            with Progress(*columns, console=Console(stderr=True)) as progress:
                task = progress.add_task(what, total=None)
                yield lambda more: progress.advance(task, more)
            return
    lines = _Lines(what)
    yield lines.add
    lines.write()


@contextmanager
def counting_beside_output(what: str) -> Iterator[Callable[[int], None]]:
    """Do what :func:`counting` does, unless stdout is a terminal: it would break up the output."""
    if sys.stdout.isatty():
        yield lambda more: None
        return
    with counting(what) as add:
        yield add


class _Lines:
    """Prints a line every few seconds, and one at the end."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._sum = 0
        self._next = time.monotonic() + _SECONDS_BETWEEN_LINES

    def add(self, more: int) -> None:
        self._sum += more
        if time.monotonic() >= self._next:
            self.write()
            self._next = time.monotonic() + _SECONDS_BETWEEN_LINES

    def write(self) -> None:
        print(f"{self._what}: {self._sum}", file=sys.stderr, flush=True)
