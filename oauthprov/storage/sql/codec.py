"""Converts rows to records and back: tuples are JSON text, keys are bytes on MariaDB."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_origin, get_type_hints

from sqlalchemy import Table

from oauthprov.records import KINDS, Grant, Record
from oauthprov.storage.interface import Stored
from oauthprov.storage.sql.tables import KEY, TABLES

R = TypeVar("R", bound=Record)
Converter = Callable[[Any], Any]

_dump = json.JSONEncoder(separators=(",", ":")).encode


# The same few lists of scopes occur again and again; they are immutable and can be shared.
@lru_cache(4096)
def dump_list(value: tuple[Any, ...]) -> str:
    """Encode a tuple of strings, or of tuples of strings, as JSON text."""
    return _dump(value)


@lru_cache(4096)
def load_list(text: str) -> tuple[Any, ...]:
    """Decode the result of :func:`dump_list`."""
    items = json.loads(text)
    return tuple(tuple(item) if isinstance(item, list) else item for item in items)


# A process may open many storages, and this is most of the work.
_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)


class Codec(Generic[R]):
    """Converts rows of one kind to records, and records to column values.

    A row holds the record's fields in their order, then ``version`` and ``claimed_at``, and for
    grants ``revoked_at``; if the kind names a grant, the same columns of the grant follow.
    """

    def __init__(self, kind: type[R], *, binary_keys: bool) -> None:
        self.kind = kind
        self.width = len(kind.shape.fields)
        self._fields = tuple(field.name for field in kind.shape.fields)
        self._values: Callable[[Record], tuple[Any, ...]] = attrgetter(*self._fields)
        hints = _hints(kind)
        self._lists = tuple(name for name in self._fields if get_origin(hints[name]) is tuple)
        self._loads: list[tuple[int, Converter]] = []
        for place, name in enumerate(self._fields):
            load = self._loader(hints[name], TABLES[kind], name, binary_keys)
            if load is not None:
                self._loads.append((place, load))
        self._key = self._fields.index(kind.shape.key)
        self._grant = Codec(Grant, binary_keys=binary_keys) if kind.shape.has_grant else None
        self._revocable = kind is Grant
        self.columns = self.width + (3 if self._revocable else 2)
        if self._grant is not None:
            self.columns += self._grant.columns

    @staticmethod
    def _loader(hint: Any, table: Table, name: str, binary_keys: bool) -> Converter | None:
        if get_origin(hint) is tuple:
            return load_list
        if hint is bool:
            return bool
        if binary_keys and table.c[name].type is KEY:
            return bytes.decode
        return None

    def encode(self, record: Record) -> dict[str, Any]:
        """Return the values of the record's columns by name."""
        values = dict(zip(self._fields, self._values(record), strict=True))
        for name in self._lists:
            values[name] = dump_list(values[name])
        return values

    def is_there(self, row: Sequence[Any]) -> bool:
        """Return whether a joined row holds a record, not only NULLs."""
        return row[self._key] is not None

    def decode(self, row: Sequence[Any]) -> Stored[R]:
        """Return the record of a row, with its grant."""
        width = self.width
        values = list(row[:width])
        for place, load in self._loads:
            if values[place] is not None:
                values[place] = load(values[place])
        record = self.kind(*values)
        version, claimed_at = row[width], row[width + 1]
        if self._grant is not None:
            granted = row[width + 2 :]
            grant = self._grant.decode(granted) if granted[0] is not None else None
            return Stored(record, version, claimed_at, None, grant)
        return Stored(record, version, claimed_at, row[width + 2] if self._revocable else None)


class Codecs(dict[type[Record], Codec[Any]]):
    """The codec of each kind, for one database; MariaDB's driver returns keys as bytes."""

    def __init__(self, *, binary_keys: bool) -> None:
        super().__init__({kind: Codec(kind, binary_keys=binary_keys) for kind in KINDS})
