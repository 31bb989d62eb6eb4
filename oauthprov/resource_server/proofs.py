"""Remembers which proofs of possession have been used, in this process (RFC 9449 section 11.1)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from oauthprov.resource_server.unavailable import Unavailable

LIMIT = 1_000_000
"""The most proofs that are remembered; beyond that requests with one are answered with 503."""


class Use(Protocol):
    """What is remembered of a proof: the one use that it is good for, and for how long."""

    @property
    def replay_key(self) -> str:
        """Names the use."""

    @property
    def expires_at(self) -> int:
        """Until when a second use must be found, in epoch seconds."""


class UsedProofs(Protocol):
    """Where the proofs are remembered that views have accepted."""

    def is_first_use(self, proof: Use) -> bool:
        """Remember a proof; tell whether it wasn't remembered before. Raises Unavailable."""


class InMemory:
    """Remembers proofs in this process alone. ``clock`` returns epoch seconds.

    Where several processes serve one resource, each accepts a proof once.
    """

    def __init__(self, clock: Callable[[], float], limit: int = LIMIT) -> None:
        self._clock = clock
        self._limit = limit
        self._lock = threading.Lock()
        self._used: OrderedDict[str, int] = OrderedDict()

    def is_first_use(self, proof: Use) -> bool:
        """Remember a proof; tell whether it wasn't remembered before. Raises Unavailable."""
        with self._lock:
            self._forget_expired()
            if proof.replay_key in self._used:
                return False
            if len(self._used) >= self._limit:
                raise Unavailable("too many proofs of possession are in use")
            self._used[proof.replay_key] = proof.expires_at
            return True

    def _forget_expired(self) -> None:
        # They expire nearly in the order in which they came: some stay for some minutes longer.
        now = self._clock()
        while self._used and next(iter(self._used.values())) <= now:
            self._used.popitem(last=False)
