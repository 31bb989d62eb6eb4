"""Reads records, each with its grant in the same round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from oauthprov.records import Grant, Record, slot
from oauthprov.storage.interface import Stored
from oauthprov.storage.redis.codec import codec
from oauthprov.storage.redis.keys import Keys
from oauthprov.storage.redis.route import Route

R = TypeVar("R", bound=Record)
GRANT = codec(Grant)


class Reader:
    """Reads records by their keys."""

    def __init__(self, route: Route, keys: Keys) -> None:
        self._route = route
        self._keys = keys

    def get(self, kind: type[R], key: str) -> Stored[R] | None:
        """Read one record, with its grant, with one command."""
        names = self._names(kind, key)
        return self.decoded(
            kind, key, self._route.read(self._route.slot(names[0]), b"MGET", *names)
        )

    def get_many(self, pairs: Sequence[tuple[type[Record], str]]) -> list[Stored[Record] | None]:
        """Read many records, with one command per slot."""
        wanted = [self._names(kind, key) for kind, key in pairs]
        slots: dict[int, list[bytes]] = {}
        for names in wanted:
            slots.setdefault(self._route.slot(names[0]), []).extend(names)
        commands = [(where, (b"MGET", *names)) for where, names in slots.items()]
        found: dict[bytes, bytes | None] = {}
        for asked, values in zip(slots.values(), self._route.read_all(commands), strict=True):
            found.update(zip(asked, values, strict=True))
        return [
            self.decoded(kind, key, [found[name] for name in names])
            for (kind, key), names in zip(pairs, wanted, strict=True)
        ]

    def decoded(self, kind: type[R], key: str, values: Sequence[bytes | None]) -> Stored[R] | None:
        """Decode a record from the values under its key and under the key of its grant."""
        if (value := values[0]) is None:
            return None
        grant = values[1] if len(values) > 1 else None
        family = None if grant is None else GRANT.stored(slot(key), grant)
        return codec(kind).stored(key, value, family)

    def _names(self, kind: type[Record], key: str) -> tuple[bytes, ...]:
        how = codec(kind)
        name = self._keys.record(how.name, key)
        return (name, self._keys.record(GRANT.name, slot(key))) if how.has_grant else (name,)
