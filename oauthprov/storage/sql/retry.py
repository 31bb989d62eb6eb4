"""Retries transactions that the engine has undone, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from oauthprov.chance import uniform
from oauthprov.deadline import within
from oauthprov.storage.interface import StorageError
from oauthprov.storage.sql.failures import RolledBack, storage_error

T = TypeVar("T")

ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.25
"""The most seconds between two attempts."""


def persistently(attempt: Callable[[int], T], seconds: float) -> T:
    """Call ``attempt`` with 0, 1, ... until it isn't rolled back.

    All attempts together are one storage call of at most ``seconds``. Raises StorageError after
    ATTEMPTS, or when no time is left for another.
    """
    cause: BaseException | None = None
    with within(seconds) as limit:
        for number in range(ATTEMPTS):
            if number:
                pause(number)
                if time.monotonic() > limit.ends:
                    break
            try:
                return attempt(number)
            except RolledBack as undone:
                cause = undone.__cause__
    if cause is None:
        raise StorageError("the database kept rolling the commit back until its time was over")
    raise storage_error(cause) from cause


def pause(number: int) -> None:
    """Wait for a random time, longer with each attempt, so that rivals don't collide again."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)
    time.sleep(uniform(0, longest))
