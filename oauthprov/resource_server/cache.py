"""Keeps introspection responses for some seconds, and shares concurrent look-ups of one token."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.resource_server.unavailable import Unavailable

LIVE = 10_000
"""The most live tokens that are kept; the least recently used one is dropped first."""
DEAD = 1_000
"""The most other tokens that are kept; with a limit of their own they displace no live one."""

LookUp = Callable[[str], TokenInfo | None]


class Cache:
    """Answers for ``seconds`` from the moment that a look-up begins; with 0 it keeps nothing.

    Tokens are kept by their digest. ``look_up`` returns the data of a live token, else None, and
    raises Unavailable, which isn't kept. ``clock`` returns epoch seconds.
    """

    def __init__(self, look_up: LookUp, seconds: int, clock: Callable[[], float]) -> None:
        self._look_up = look_up
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._live: OrderedDict[bytes, tuple[float, TokenInfo]] = OrderedDict()
        self._dead: OrderedDict[bytes, tuple[float, None]] = OrderedDict()
        self._flights: dict[bytes, Future[TokenInfo | None]] = {}

    def token_info(self, raw: str) -> TokenInfo | None:
        """Return the data of a live token, None for any other. Raises Unavailable."""
        if not self._seconds:
            # A look-up that another request began may have been answered before a revocation.
            return self._unexpired(self._look_up(raw))
        key = hashlib.sha256(raw.encode()).digest()
        with self._lock:
            found, info = self._kept(key)
            if found:
                return info
            flight = self._flights.get(key)
            mine = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if mine:
            self._fly(key, raw, flight)
        try:
            return self._unexpired(flight.result())
        except Unavailable as failed:
            raise Unavailable(*failed.args) from None

    def _kept(self, key: bytes) -> tuple[bool, TokenInfo | None]:
        """Return whether there is an answer for a token, and the answer."""
        now = self._clock()
        for kept in (self._live, self._dead):
            began, info = kept.get(key, (None, None))
            if began is None:
                continue
            # A clock that was set back must not prolong anything.
            if began <= now < began + self._seconds:
                kept.move_to_end(key)
                return True, self._unexpired(info)
            del kept[key]
        return False, None

    def _fly(self, key: bytes, raw: str, flight: Future[TokenInfo | None]) -> None:
        began = self._clock()
        try:
            info = self._look_up(raw)
        except BaseException as error:
            with self._lock:
                del self._flights[key]
            flight.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        with self._lock:
            del self._flights[key]
            self._keep(key, began, info)
        flight.set_result(info)

    def _keep(self, key: bytes, began: float, info: TokenInfo | None) -> None:
        if info is None:
            self._dead[key] = (began, None)
            if len(self._dead) > DEAD:
                self._dead.popitem(last=False)
        else:
            self._live[key] = (began, info)
            if len(self._live) > LIVE:
                self._live.popitem(last=False)

    def _unexpired(self, info: TokenInfo | None) -> TokenInfo | None:
        return info if info is not None and self._clock() < info.expires_at else None
