"""Reads records, each with its grant in the same round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from oauthprov.records import Grant, Record, slot
from oauthprov.storage.interface import Stored
from oauthprov.storage.redis.codec import CODECS
from oauthprov.storage.redis.keys import Keys
from oauthprov.storage.redis.route import Route

R = TypeVar("R", bound=Record)
GRANT = CODECS[Grant]


class Reader:
    """Reads records by their keys."""

    def __init__(self, route: Route, keys: Keys) -> None:
        self._route = route
        self._keys = keys

    def get(self, kind: type[R], key: str) -> Stored[R] | None:
        """Read one record, with its grant, with one command."""
        names = self._names(kind, key)
        values = self._route.read(self._route.slot(names[0]), b"MGET", *names)
        return self.decoded(kind, key, *values)

    def get_many(self, pairs: Sequence[tuple[type[Record], str]]) -> list[Stored[Record] | None]:
        """Read many records, with one command per slot."""
        if not pairs:
            return []
        names: list[bytes] = []
        for kind, key in pairs:
            names += self._names(kind, key)
        values = self._route.values(names)
        found = []
        at = 0
        for kind, key in pairs:
            width = 2 if CODECS[kind].has_grant else 1
            found.append(self.decoded(kind, key, *values[at : at + width]))
            at += width
        return found

    def decoded(
        self, kind: type[R], key: str, value: bytes | None, grant: bytes | None = None
    ) -> Stored[R] | None:
        """Decode a record from the values under its key and under the key of its grant."""
        if value is None:
            return None
        family = None if grant is None else GRANT.stored(slot(key), grant)
        found: Stored[R] = CODECS[kind].stored(key, value, family)
        return found

    def _names(self, kind: type[Record], key: str) -> tuple[bytes, ...]:
        how = CODECS[kind]
        name = self._keys.record(how.name, key)
        return (name, self._keys.record(GRANT.name, slot(key))) if how.has_grant else (name,)
