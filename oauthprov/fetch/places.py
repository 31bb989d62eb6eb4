"""Limits the requests that wait for fetches: in total, and per client and host.

A server whose threads all wait for clients' servers would answer no other requests. Nor may one
client or one host take all places, least of all one whose server is slow, nor those that nobody
has registered.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from oauthprov.failures import FetchBusy

PLACES = 4
"""Requests that may wait for documents at a time."""
SHARE = 2
"""The most of these places for one client, and for one host."""
DESCRIBED_SHARE = 2
"""The most of these places for all clients together whose id is the URL of their document.

Anybody can have any number of them, and their hosts: they may not take the places of registered
clients, whose keys are needed when those authenticate.
"""
SLOW_SHARE = 1
"""The most of these places for all slow clients together."""
SLOW = 1.0
"""Seconds of waiting from which a client counts as slow."""
SLOW_FOR = 300.0
"""Seconds for which a client then counts as slow."""
MEMORY = 1024
"""The most clients that are remembered as slow."""

_ALL = "every place"
_DESCRIBED = "the share of clients that are described by a document"
_SLOW = "the place shared by clients with a slow server"


class Places:
    """The places of a process. ``timer`` returns seconds and is replaced only in tests."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._changed = threading.Condition()
        self._taken = Counter[str]()
        self._slow_until: OrderedDict[str, float] = OrderedDict()

    @contextmanager
    def place(self, client_id: str, host: str, patience: float) -> Iterator[None]:
        """Hold a place for a client that waits for a host.

        Raises FetchBusy, which names the exhausted limit, if none is free within ``patience``
        seconds. With an empty ``client_id`` no limit per client applies.
        """
        held = self._take(client_id, host, patience)
        began = self._timer()
        try:
            yield
        finally:
            self._leave(held, client_id, self._timer() - began)

    def _take(self, client_id: str, host: str, patience: float) -> dict[str, int]:
        with self._changed:
            self._changed.wait_for(lambda: not self._full(client_id, host), patience)
            full = self._full(client_id, host)
            if full:
                raise FetchBusy(f"{full} is taken (client {client_id!r}, host {host})")
            held = self._limits(client_id, host)
            self._taken.update(held.keys())
            return held

    def _leave(self, held: dict[str, int], client_id: str, seconds: float) -> None:
        with self._changed:
            self._taken.subtract(held.keys())
            self._taken += Counter()  # drops the zero counts
            self._slow_until.pop(client_id, None)
            if client_id and seconds >= SLOW:
                self._slow_until[client_id] = self._timer() + SLOW_FOR
                if len(self._slow_until) > MEMORY:
                    self._slow_until.popitem(last=False)
            self._changed.notify_all()

    def _full(self, client_id: str, host: str) -> str | None:
        """Return the first limit that is exhausted for this client and host, or None."""
        limits = self._limits(client_id, host)
        return next((name for name, most in limits.items() if self._taken[name] >= most), None)

    def _limits(self, client_id: str, host: str) -> dict[str, int]:
        """Return the limits that apply to this client and host, by name."""
        limits = {_ALL: PLACES, f"the share of host {host}": SHARE}
        if client_id:
            limits[f"the share of client {client_id}"] = SHARE
        if client_id.startswith("https://"):
            limits[_DESCRIBED] = DESCRIBED_SHARE
        if self._slow_until.get(client_id, 0) > self._timer():
            limits[_SLOW] = SLOW_SHARE
        return limits
