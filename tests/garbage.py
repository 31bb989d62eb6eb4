"""When the interpreter looks for garbage: seldom in tests, except while they measure memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL = gc.get_threshold()


def seldom() -> None:
    """Look for garbage seldom, and never among what was made so far, such as collected tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@contextmanager
def as_usual() -> Iterator[None]:
    """Look for garbage as often as a server does."""
    seldom = gc.get_threshold()
    gc.set_threshold(*USUAL)
    try:
        yield
    finally:
        gc.set_threshold(*seldom)
