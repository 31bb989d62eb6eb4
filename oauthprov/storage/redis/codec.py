"""Records as strings: a header of fixed width, then JSON.

The header is ``claimed|revoked|expires|version|grant|``: three times (hyphens for None), the
version, and ``g`` if the record names its grant. The scripts read and write times at their offsets
and never parse JSON. The JSON omits values that are in the header or the key, and defaults.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from oauthprov.records import KINDS, Grant, Record, slot
from oauthprov.storage.interface import StorageError, Stored
from oauthprov.storage.redis.serial import dumps, loads

R = TypeVar("R", bound=Record)

NEVER = b"-----------"
LIVE = NEVER + b"|" + NEVER + b"|"
HEADER = 47


class Codec(Generic[R]):
    """Encodes and decodes the records of one kind."""

    def __init__(self, kind: type[R]) -> None:
        shape = kind.shape
        self.kind = kind
        self.name = shape.name
        self.keep = shape.keep
        self.indexes = shape.indexes
        self.expires = shape.expires
        self.has_grant = shape.has_grant
        self._key = shape.key
        told = {shape.key, "expires_at"} | ({"grant_id"} if shape.has_grant else set())
        self._defaults = {f.name: f.default for f in shape.fields if f.name not in told}

    def header(
        self, record: R, version: int, claimed_at: int | None, revoked_at: int | None
    ) -> bytes:
        """Return the header of a record."""
        expires = time_of(record.expires_at) if self.expires else NEVER  # type: ignore[attr-defined]
        grant = b"g" if self._names_grant(record) else b"-"
        ended = LIVE
        if claimed_at is not None or revoked_at is not None:
            ended = b"%b|%b|" % (time_of(claimed_at), time_of(revoked_at))
        return b"%b%b|%08d|%b|" % (ended, expires, version, grant)

    def body(self, record: R, extra: Mapping[str, object] | None = None) -> bytes:
        """Return the JSON after the header; ``extra`` are fields of a newer version."""
        fields: dict[str, object] = dict(extra) if extra else {}
        for name, default in self._defaults.items():
            value = getattr(record, name)
            if default is dataclasses.MISSING or value != default:
                fields[name] = value
        return dumps(fields)

    def stored(self, key: str, value: bytes, grant: Stored[Grant] | None = None) -> Stored[R]:
        """Decode the value stored under ``key``. Raises StorageError for a malformed value."""
        try:
            return self._stored(key, value, grant)
        except (ValueError, TypeError, AttributeError) as error:
            raise StorageError(f"a stored {self.name} can't be read", error) from error

    def _stored(self, key: str, value: bytes, grant: Stored[Grant] | None) -> Stored[R]:
        live = value.startswith(LIVE)
        fields: dict[str, Any] = loads(value[HEADER:])
        extra = {}
        if not fields.keys() <= self._defaults.keys():
            extra = {name: fields.pop(name) for name in fields.keys() - self._defaults.keys()}
        for name, found in fields.items():
            if type(found) is list:
                fields[name] = _tuple(found)
        fields[self._key] = key
        if self.expires:
            fields["expires_at"] = _read(value[24:35])
        if self.has_grant:
            fields["grant_id"] = slot(key) if value[45:46] == b"g" else None
        return Stored(
            self.kind(**fields),
            int(value[36:44]),
            None if live else _read(value[:11]),
            None if live else _read(value[12:23]),
            grant if value[45:46] == b"g" else None,
            extra,
        )

    def _names_grant(self, record: R) -> bool:
        return self.has_grant and getattr(record, "grant_id", None) is not None


def codec(kind: type[R]) -> Codec[R]:
    """Return the codec of a kind."""
    return _CODECS.get(kind) or Codec(kind)


def known() -> Mapping[str, Codec[Any]]:
    """Return the codec of every stored kind, by the kind's name."""
    return _BY_NAME


def time_of(seconds: int | None) -> bytes:
    """Return a time in the header's format: eleven characters. Raises ValueError if too long."""
    if seconds is None:
        return NEVER
    written = b"%011d" % seconds
    if len(written) != len(NEVER):
        raise ValueError("a time must be epoch seconds of at most eleven digits")
    return written


def _read(written: bytes) -> int | None:
    return None if written == NEVER else int(written)


def _tuple(found: list[Any]) -> tuple[Any, ...]:
    return tuple([_tuple(one) if type(one) is list else one for one in found])


_CODECS: Mapping[type[Record], Codec[Any]] = {kind: Codec(kind) for kind in KINDS}
_BY_NAME: Mapping[str, Codec[Any]] = {found.name: found for found in _CODECS.values()}
