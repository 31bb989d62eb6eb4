"""Pages of records: from an index, from a roster, or from a walk over a kind that expires."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

from oauthprov.records import Record
from oauthprov.storage.interface import Page, Stored
from oauthprov.storage.redis import cursor
from oauthprov.storage.redis.codec import CODECS
from oauthprov.storage.redis.cursor import Cursor
from oauthprov.storage.redis.keys import ROSTER, Keys
from oauthprov.storage.redis.listing import entries, roster
from oauthprov.storage.redis.read import Reader
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.walk import Walks

R = TypeVar("R", bound=Record)


class Finder:
    """Finds records: reads the records of a listing and checks each one."""

    def __init__(self, route: Route, keys: Keys, reader: Reader) -> None:
        self._route = route
        self._keys = keys
        self._reader = reader
        self._walks = Walks(route, keys)

    def page(
        self, kind: type[R], after: str | None, limit: int, index: Mapping[str, str]
    ) -> Page[R]:
        """Return up to ``limit`` records after the cursor ``after``."""
        listing = f"{kind.shape.name}.{next(iter(index), ROSTER)}"
        if after is None:
            begin, last = Cursor(listing, secrets.token_hex(8), ""), None
        else:
            begin = cursor.read(after, listing)
            last = begin.key
        found: list[Stored[R]] = []
        for keys in self._keys_of(kind, begin.walk, last, limit + 1, index):
            for stored in self._reader.get_many([(kind, key) for key in keys]):
                if stored is not None and _matches(stored.record, index):
                    found.append(cast("Stored[R]", stored))
            if len(found) > limit:
                end = begin._replace(key=found[limit - 1].record.storage_key)
                return Page(tuple(found[:limit]), str(end))
        return Page(tuple(found))

    def _keys_of(
        self, kind: type[R], walk: str, after: str | None, size: int, index: Mapping[str, str]
    ) -> Iterator[list[str]]:
        how = CODECS[kind]
        for field, value in index.items():
            return entries(self._route, self._keys.index(how.name, field, value), after, size)
        if how.rostered:
            return roster(self._route, self._keys, how.name, after, size)
        return self._walks.keys(walk, how.name, after, size)


def _matches(record: Record, index: Mapping[str, str]) -> bool:
    return all(getattr(record, field) == value for field, value in index.items())
