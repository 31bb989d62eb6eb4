"""Places for the requests that a fetch holds up: few in all, and a share of them for each client.

A server whose threads all wait for clients' servers stands still. One client, or one host, must
not take every place from the others either, and least of all one whose server is slow.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from oauthprov.errors import FetchBusy

PLACES = 4
"""Requests at once that wait for a document."""
SHARE = 2
"""Of these for one client, and for one host."""
SLOW_SHARE = 1
"""Of these for all clients together that were slow."""
SLOW = 1.0
"""Seconds from which on a client was slow."""
SLOW_FOR = 300.0
"""Seconds for which that counts."""
MEMORY = 1024
"""Clients of which it is known that they were slow."""

_ALL = "every place"
_SLOW = "the place shared by clients with a slow server"


class Places:
    """The places of a process. ``timer`` gives seconds; it is ``time.monotonic`` but in tests."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._changed = threading.Condition()
        self._taken = Counter[str]()
        self._slow_until: OrderedDict[str, float] = OrderedDict()

    @contextmanager
    def place(self, client_id: str, host: str, patience: float) -> Iterator[None]:
        """Hold a place for a client that waits for a host.

        Raises FetchBusy, which says what is full, when there is none for ``patience`` seconds. No
        client, an empty ``client_id``, has no share.
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
            self._taken += Counter()  # drops what is at zero
            self._slow_until.pop(client_id, None)
            if client_id and seconds >= SLOW:
                self._slow_until[client_id] = self._timer() + SLOW_FOR
                if len(self._slow_until) > MEMORY:
                    self._slow_until.popitem(last=False)
            self._changed.notify_all()

    def _full(self, client_id: str, host: str) -> str | None:
        """Return what of all that a place is of has none left."""
        limits = self._limits(client_id, host)
        return next((name for name, most in limits.items() if self._taken[name] >= most), None)

    def _limits(self, client_id: str, host: str) -> dict[str, int]:
        """Return what a place is of, and how many places each of these has."""
        limits = {_ALL: PLACES, f"the share of host {host}": SHARE}
        if client_id:
            limits[f"the share of client {client_id}"] = SHARE
        if self._slow_until.get(client_id, 0) > self._timer():
            limits[_SLOW] = SLOW_SHARE
        return limits
