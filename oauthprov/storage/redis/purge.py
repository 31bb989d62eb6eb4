"""Drops the entries of indexes and rosters whose records are gone.

Records need no purge: Redis drops each one ``SLACK`` seconds after its key counts as free. It
doesn't drop their index entries, since an index lives as long as any record in it.

An entry in the slot of its record is written together with the record, so without its record it is
dropped at once. An entry in another slot of a cluster is written first, and another process may be
about to write the record: the entry is marked, and dropped by a purge at least ``GRACE`` seconds
later if the record is still missing. Adding the entry again removes the mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from redis.exceptions import OutOfMemoryError

from oauthprov.storage.interface import Purged
from oauthprov.storage.redis.cursor import Position, read_position
from oauthprov.storage.redis.keys import IndexName, Keys
from oauthprov.storage.redis.listing import together
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.scan import scan_step
from oauthprov.storage.redis.script import Script

GRACE = 60
MARKS_LAST = 30 * 86400

INDEXES = 500
"""Indexes whose FIRST entries are read in one trip; longer ones go on with PAGE at a time."""

FIRST = 10
PAGE = 500

LOOKS = 10_000
"""Entries that a step checks before it ends; one SCAN for indexes counts as SCANNED."""

SCANNED = 100


class Entry(NamedTuple):
    """An entry of an index or roster: the listing, the key, and the name of the record."""

    listing: bytes
    member: bytes
    record: bytes


class Purge:
    """Checks every entry of every index, step by step."""

    def __init__(self, route: Route, keys: Keys) -> None:
        self._route = route
        self._keys = keys
        self._forget = Script("forget.lua")
        self._forget_marked = Script("forget_marked.lua")

    def step(self, now: int, limit: int, after: str | None) -> Purged:
        """Drop up to ``limit`` entries, from the cursor ``after`` on."""
        if limit < 1:
            raise ValueError("the limit must be 1 or more")
        at = Position() if after is None else read_position(after)
        servers = self._route.servers()
        dropped = looks = 0
        while at.server < len(servers):
            if looks >= LOOKS:
                return Purged(dropped, str(at))
            then, names = scan_step(
                servers[at.server], at.scan, self._keys.everything, b"TYPE", b"zset"
            )
            looks += SCANNED
            for page in self._pages(names, at):
                last, fallen = self._clean(page, now, limit - dropped)
                dropped += fallen
                looks += len(page)
                at = at._replace(listing=last.listing, member=last.member)
                if dropped >= limit or looks >= LOOKS:
                    return Purged(dropped, str(at))
            at = Position(at.server + 1) if then is None else Position(at.server, then)
        return Purged(dropped)

    def _pages(self, names: Iterable[bytes], at: Position) -> Iterator[list[Entry]]:
        """Yield the entries of the indexes among ``names`` after ``at``, in order."""
        kinds = {
            name: found.kind
            for name in sorted(set(names))
            if name >= at.listing and isinstance(found := self._keys.parse(name), IndexName)
        }
        indexes = list(kinds)
        after = {at.listing: at.member.decode()}
        for first in range(0, len(indexes), INDEXES):
            some = indexes[first : first + INDEXES]
            for listed in together(self._route, some, after, FIRST, PAGE):
                page = [
                    Entry(index, key.encode(), self._keys.record(kinds[index], key))
                    for index, key in listed
                ]
                if page:
                    yield page

    def _clean(self, page: Sequence[Entry], now: int, limit: int) -> tuple[Entry, int]:
        """Drop up to ``limit`` entries of ``page``; return the last one checked, and the count."""
        dropped = 0
        for index, lost in _by_index(self._lost(page)):
            while lost:
                some, lost = lost[: limit - dropped], lost[limit - dropped :]
                dropped += self._drop(index, some, now)
                if dropped == limit:
                    return some[-1], dropped
        return page[-1], dropped

    def _lost(self, page: Sequence[Entry]) -> list[Entry]:
        """Return the entries without a record: checks each slot at once, then one by one."""
        slots: dict[int, list[Entry]] = {}
        for entry in page:
            slots.setdefault(self._route.slot(entry.record), []).append(entry)
        counts = self._existing(list(slots.values()))
        short = [
            entry
            for found, count in zip(slots.values(), counts, strict=True)
            for entry in found
            if count < len(found)
        ]
        counts = self._existing([[entry] for entry in short])
        return sorted(entry for entry, count in zip(short, counts, strict=True) if not count)

    def _existing(self, groups: Sequence[Sequence[Entry]]) -> list[int]:
        """Return how many records exist of each group; the records of a group share a slot."""
        commands = [
            (self._route.slot(group[0].record), (b"EXISTS", *(entry.record for entry in group)))
            for group in groups
        ]
        return self._route.send_all(commands)

    def _drop(self, index: bytes, lost: Sequence[Entry], now: int) -> int:
        """Drop entries of one index, or mark those that may be new; return how many it dropped."""
        where = self._route.slot(index)
        beside = [entry for entry in lost if self._route.slot(entry.record) == where]
        apart = [entry.member for entry in lost if self._route.slot(entry.record) != where]
        dropped = 0
        if beside:
            names = [index, *(entry.record for entry in beside)]
            members = [entry.member for entry in beside]
            dropped += self._forget.run(self._route, where, names, members)
        if apart:
            dropped += self._drop_marked(index, apart, now)
        return dropped

    def _drop_marked(self, index: bytes, members: Sequence[bytes], now: int) -> int:
        """Drop entries marked GRACE ago, mark the others; return how many were dropped."""
        where, marks = self._route.slot(index), self._keys.marks(index)
        dropped, new = self._forget_marked.run(
            self._route, where, [index, marks], [b"%d" % (now - GRACE), *members]
        )
        if new:
            scored = [part for member in new for part in (b"%d" % now, member)]
            # A full server accepts no marks. Other dropped entries make room for them.
            with suppress(OutOfMemoryError):
                self._route.write(where, b"ZADD", marks, b"NX", *scored)
                self._route.write(where, b"EXPIRE", marks, b"%d" % MARKS_LAST)
        return int(dropped)


def _by_index(entries: Iterable[Entry]) -> Iterator[tuple[bytes, list[Entry]]]:
    """Group sorted entries by their index."""
    for index, group in groupby(entries, key=attrgetter("listing")):
        yield index, list(group)
