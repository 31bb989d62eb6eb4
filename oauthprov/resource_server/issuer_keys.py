"""The issuer's keys, kept for minutes and read again when a token names an unknown one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from oauthprov.protocol.keys.jwk import KeySet, parse_key_set
from oauthprov.resource_server.issuer import Issuer
from oauthprov.resource_server.unavailable import Unavailable

FRESH = 300
"""Seconds after which the keys are read again: the issuer publishes a key long before it signs."""
STALE = 3600
"""Seconds for which the keys are used while the issuer doesn't respond."""
RETRY = 10
"""Seconds between two attempts to read keys again that are still in use."""
UNKNOWN = 60
"""Seconds between two reads of the keys because of tokens that name an unknown one."""


class IssuerKeys:
    """The JWK Set of the issuer. ``clock`` returns epoch seconds.

    Of the threads that need new keys one reads them. The others go on with the keys that were read
    last, or wait if there are none.
    """

    def __init__(self, issuer: Issuer, clock: Callable[[], float]) -> None:
        self._issuer = issuer
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._read_at = self._tried_at = 0.0
        self._failed = False

    def current(self) -> KeySet:
        """Return the keys, at most STALE seconds old. Raises Unavailable."""
        keys = self._kept(STALE)
        if keys is None:
            with self._lock:
                return self._kept(FRESH) or self._read()
        if self._kept(FRESH) is None and not self._tried_within(RETRY):
            self._renew()
        return self._keys or keys

    def renewed(self, lacking: KeySet) -> KeySet | None:
        """Return newer keys than ``lacking``, None if those were read a moment ago.

        Raises Unavailable if they can't be read, also if that has just failed: then nobody knows
        whether the key exists.
        """
        with self._lock:
            if self._keys is not lacking:
                return self._keys
            if not self._tried_within(UNKNOWN):
                return self._read()
        if self._failed:
            raise Unavailable("the keys of the issuer couldn't be read a moment ago")
        return None

    def _kept(self, seconds: int) -> KeySet | None:
        # A clock that was set back must not prolong anything.
        return self._keys if 0 <= self._clock() - self._read_at < seconds else None

    def _tried_within(self, seconds: int) -> bool:
        return 0 <= self._clock() - self._tried_at < seconds

    def _renew(self) -> None:
        """Read the keys unless another thread does; those that were read last stay in use."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._read()
        except Unavailable:
            pass  # it is logged
        finally:
            self._lock.release()

    def _read(self) -> KeySet:
        self._tried_at, self._failed = self._clock(), True
        began = self._tried_at
        with self._issuer.asked_to("read the keys of the issuer"):
            made = parse_key_set(self._issuer.key_set())
            if not made.keys:
                raise ValueError("the key set has no key that verifies")
        self._keys, self._read_at, self._failed = made, began, False
        return made
