"""Records as strings: a header of fixed width, then JSON.

The header is ``claimed|revoked|expires|version|grant|``: three times (hyphens for None), the
version, and ``g`` if the record names its grant. The scripts read and write times at their offsets
and never parse JSON. The JSON omits values that are in the header or the key, and defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from oauthprov.records import KINDS, Grant, Record, slot
from oauthprov.serial import dumps, loads
from oauthprov.storage.interface import StorageError, Stored

R = TypeVar("R", bound=Record)

NEVER = b"-----------"
LIVE = NEVER + b"|" + NEVER + b"|"
TIME = 11
HEADER = 47
NAMES_GRANT = b"g"


class Codec(Generic[R]):
    """Encodes and decodes the records of one kind.

    ``name``, ``keep``, ``indexes``, ``expires`` and ``has_grant`` are those of the kind's shape;
    ``rostered`` is whether a roster names each record, ``listed`` whether it or an index does.
    """

    def __init__(self, kind: type[R]) -> None:
        shape = kind.shape
        self.kind = kind
        self.name = shape.name
        self.keep = shape.keep
        self.indexes = shape.indexes
        self.expires = shape.expires
        self.has_grant = shape.has_grant
        self.rostered = shape.few or not shape.expires
        self.listed = bool(shape.indexes) or self.rostered
        self._key = shape.key
        elsewhere = {shape.key, "expires_at"} | ({"grant_id"} if shape.has_grant else set())
        self._defaults = {f.name: f.default for f in shape.fields if f.name not in elsewhere}
        self._values = _values_of(tuple(self._defaults))
        hints = {name: get_type_hints(kind)[name] for name in self._defaults}
        lists = [name for name, hint in hints.items() if get_origin(hint) is tuple]
        self._nested = [name for name in lists if get_origin(get_args(hints[name])[0]) is tuple]
        self._lists = [name for name in lists if name not in self._nested]
        self._known = frozenset(self._defaults)

    def header(
        self, record: R, version: int, claimed_at: int | None, revoked_at: int | None
    ) -> bytes:
        """Return the header of a record. Raises ValueError for a time of over eleven digits."""
        expires_at: int | None = record.expires_at if self.expires else None  # type: ignore[attr-defined]
        expires = NEVER if expires_at is None else b"%011d" % expires_at
        named = self.has_grant and record.grant_id is not None  # type: ignore[attr-defined]
        ended = LIVE
        if claimed_at is not None or revoked_at is not None:
            ended = b"%b|%b|" % (time_of(claimed_at), time_of(revoked_at))
        header = b"%b%b|%08d|%b|" % (ended, expires, version, NAMES_GRANT if named else b"-")
        if len(header) != HEADER:
            raise ValueError("a time must be epoch seconds of at most eleven digits")
        return header

    def body(self, record: R, extra: Mapping[str, object] | None = None) -> bytes:
        """Return the JSON after the header; ``extra`` are fields of a newer version."""
        fields: dict[str, object] = dict(extra) if extra else {}
        for (name, default), value in zip(
            self._defaults.items(), self._values(record), strict=True
        ):
            if value != default:
                fields[name] = value
        return dumps(fields)

    def stored(self, key: str, value: bytes, grant: Stored[Grant] | None = None) -> Stored[R]:
        """Decode the value stored under ``key``. Raises StorageError for a malformed value."""
        try:
            fields: dict[str, Any] = loads(value, HEADER)
            extra = {}
            if not self._known.issuperset(fields):
                extra = {name: fields.pop(name) for name in fields.keys() - self._known}
            for name in self._lists:
                if name in fields:
                    fields[name] = tuple(fields[name])
            for name in self._nested:
                if name in fields:
                    fields[name] = tuple(map(tuple, fields[name]))
            fields[self._key] = key
            if self.expires:
                fields["expires_at"] = _time_in(value[24:35])
            named = value[45:46] == NAMES_GRANT
            if self.has_grant:
                fields["grant_id"] = slot(key) if named else None
            claimed_at = revoked_at = None
            if value[:24] != LIVE:
                claimed_at, revoked_at = _time_in(value[:11]), _time_in(value[12:23])
            return Stored(
                self.kind(**fields),
                int(value[36:44]),
                claimed_at,
                revoked_at,
                grant if named else None,
                extra,
            )
        except (ValueError, TypeError, AttributeError) as error:
            raise StorageError(f"a stored {self.name} can't be read", error) from error


def _values_of(names: tuple[str, ...]) -> Callable[[Record], tuple[Any, ...]]:
    """Return a function that returns the values of these fields."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


class _Codecs(dict[type[Record], Codec[Any]]):
    """The codec of each kind; one is made when a kind is first used."""

    def __missing__(self, kind: type[Record]) -> Codec[Any]:
        made = self[kind] = Codec(kind)
        return made


CODECS = _Codecs({kind: Codec(kind) for kind in KINDS})


def time_of(seconds: int | None) -> bytes:
    """Return a time in the header's format: eleven characters. Raises ValueError if too long."""
    if seconds is None:
        return NEVER
    written = b"%011d" % seconds
    if len(written) != TIME:
        raise ValueError("a time must be epoch seconds of at most eleven digits")
    return written


def _time_in(written: bytes) -> int | None:
    return None if written == NEVER else int(written)
