"""Dropping what has expired, and entries of indexes that point at nothing.

Redis drops most by itself; what is left is what ``now`` finds expired before Redis does. An entry
may also be new, its record still under way from another process, so it is marked first, and
dropped by a purge at least ``GRACE`` seconds later that finds it still pointing at nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oauthprov.records import Grant, slot
from oauthprov.storage.redis.codec import NEVER, Codec, known, time_of
from oauthprov.storage.redis.keys import IndexName, Keys, RecordName
from oauthprov.storage.redis.listing import entries
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.scan import BATCH, scan
from oauthprov.storage.redis.script import Script

GRACE = 60
MARKS_LAST = 30 * 86400
MARKED = b".marked"
EXPIRES = (24, 34)
"""Where the header of a record has its expiry."""


class Purge:
    """One look at everything that is stored."""

    def __init__(self, route: Route, keys: Keys) -> None:
        self._route = route
        self._keys = keys
        self._script = Script("drop.lua")

    def run(self, now: int, limit: int) -> int:
        """Drop up to ``limit`` records, grants last; return how many."""
        dropped = 0
        grants: dict[bytes, Codec[Any]] = {}
        for names in scan(self._route, self._keys.everything):
            past = self._past(self._sorted(names, now), now)
            for name in [name for name, how in past.items() if how.kind is Grant]:
                grants[name] = past.pop(name)
            dropped += self._drop(past, now, limit - dropped)
            if dropped >= limit:
                return dropped
        self._spare(grants)
        return dropped + self._drop(grants, now, limit - dropped)

    def _sorted(self, names: list[bytes], now: int) -> dict[bytes, Codec[Any]]:
        """The names of records that may expire; indexes among ``names`` are cleaned meanwhile."""
        kinds, records = known(), {}
        for name in names:
            match self._keys.parse(name):
                case RecordName(kind, _) if (how := kinds.get(kind)) and how.expires:
                    records[name] = how
                case IndexName(kind, _) if not name.endswith(MARKED):
                    self._clean(name, kind, now)
                case _:
                    pass
        return records

    def _spare(self, grants: dict[bytes, Codec[Any]]) -> None:
        """Take out the grants that have tokens left: those would count as revoked without."""
        kinds = {kind for kind, how in known().items() if how.has_grant}
        for names in scan(self._route, self._keys.everything) if grants else ():
            for name in names:
                match self._keys.parse(name):
                    case RecordName(kind, key) if kind in kinds:
                        grants.pop(self._keys.record(Grant.shape.name, slot(key)), None)

    def _past(self, records: dict[bytes, Codec[Any]], now: int) -> dict[bytes, Codec[Any]]:
        """Those past their expiry plus what their kind is kept."""
        route = self._route
        headers = route.read_all(
            [(route.slot(name), (b"GETRANGE", name, *EXPIRES)) for name in records]
        )
        return {
            name: how
            for (name, how), expires in zip(records.items(), headers, strict=True)
            if expires not in (b"", NEVER) and int(expires) + how.keep <= now
        }

    def _drop(self, records: dict[bytes, Codec[Any]], now: int, limit: int) -> int:
        """Drop up to ``limit`` records, unless one was added anew meanwhile; return how many."""
        slots: dict[int, list[bytes]] = {}
        for name in list(records)[:limit]:
            slots.setdefault(self._route.slot(name), []).append(name)
        dropped = 0
        for where, names in slots.items():
            keeps = [records[name].keep for name in names]
            dropped += self._script.run(self._route, where, names, [time_of(now), *keeps])
        return dropped

    def _clean(self, index: bytes, kind: str, now: int) -> None:
        """Drop the entries that point at nothing and did so a while ago; mark the others."""
        route, where, marks = self._route, self._route.slot(index), index + MARKED
        oldest = route.read(where, b"ZRANGE", marks, b"-inf", now - GRACE, b"BYSCORE")
        marked = set(oldest)
        for keys in entries(route, index, None, BATCH):
            lost = self._lost(kind, keys)
            if gone := [key for key in lost if key in marked]:
                route.write(where, b"ZREM", index, *gone)
            if new := [key for key in lost if key not in marked]:
                scored = [part for key in new for part in (now, key)]
                route.write(where, b"ZADD", marks, b"NX", *scored)
                route.write(where, b"EXPIRE", marks, MARKS_LAST)
        if marked:
            # Whether dropped, or found alive again, they are done with.
            route.write(where, b"ZREM", marks, *marked)

    def _lost(self, kind: str, keys: Sequence[str]) -> list[bytes]:
        if not keys:
            return []
        names = [self._keys.record(kind, key) for key in keys]
        held = self._route.read_all(
            [(self._route.slot(name), (b"EXISTS", name)) for name in names]
        )
        return [key.encode() for key, exists in zip(keys, held, strict=True) if not exists]
