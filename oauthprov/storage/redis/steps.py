"""A change as steps of the script ``commit.lua``."""

from __future__ import annotations

from dataclasses import dataclass
from random import getrandbits
from typing import Any

from oauthprov.records import Grant, Record, slot
from oauthprov.storage.interface import Add, Change, Claim, Remove, Replace, Revoke
from oauthprov.storage.redis.codec import Codec, codec
from oauthprov.storage.redis.keys import Keys, checked, shard_of

SLACK = 60
"""Seconds that Redis keeps a record beyond expiry and ``keep``, for clocks that differ."""

GRANT = Grant.shape.name


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the script: its keys and arguments, for the ``change`` that it is part of."""

    change: Change
    keys: tuple[bytes, ...]
    arguments: tuple[bytes | int, ...]


def subject(change: Change) -> tuple[type[Record], str]:
    """The kind and key of the record that a change is about."""
    match change:
        case Add(record) | Replace(record):
            return type(record), record.storage_key
        case Claim(kind, key) | Remove(kind, key):
            return kind, key
        case Revoke(grant_id):
            return Grant, grant_id


class Steps:
    """Turns changes into steps."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def step(self, change: Change, now: int) -> Step:
        """The step that checks and applies a change to its record."""
        kind, key = subject(change)
        how = codec(kind)
        name = self._keys.record(how.name, key)
        match change:
            case Add(record):
                checked(key)
                # At random, so that a version read before a Remove doesn't fit what came after.
                value = how.header(record, getrandbits(26), None, None) + how.body(record)
                ttl = _ttl(record, how.keep, now)
                return Step(change, (name,), (b"add", how.keep, value, ttl))
            case Replace(record, old):
                _check_same(record, old.record, how)
                ended = old.claimed_at, old.revoked_at
                expected = how.header(old.record, old.version, *ended)
                value = how.header(record, old.version + 1, *ended) + how.body(record, old.extra)
                ttl = _ttl(record, how.keep, now)
                return Step(change, (name,), (b"replace", how.keep, expected, value, ttl))
            case Claim():
                grant = self._keys.record(GRANT, slot(key))
                return Step(change, (name, grant), (b"claim", how.keep))
            case Remove():
                return Step(change, (name,), (b"remove",))
            case Revoke():
                return Step(change, (name,), (b"revoke",))

    def entries(self, change: Change) -> list[Step]:
        """The entries that a new record needs; nothing else changes them but ``purge``."""
        if not isinstance(change, Add):
            return []
        record, how = change.record, codec(type(change.record))
        key = record.storage_key
        names = [
            self._keys.index(how.name, field, checked(value))
            for field in how.indexes
            if (value := getattr(record, field)) is not None
        ]
        if not how.expires:
            names.append(self._keys.shard(how.name, shard_of(key)))
        return [Step(change, (name,), (b"enter", key.encode())) for name in names]


def _check_same(record: Record, old: Record, how: Codec[Any]) -> None:
    if type(record) is not type(old) or record.storage_key != old.storage_key:
        raise ValueError("a record is replaced by one of its kind and key")
    if any(getattr(record, field) != getattr(old, field) for field in how.indexes):
        raise ValueError("the indexed fields of a stored record don't change")


def _ttl(record: Record, keep: int, now: int) -> bytes | int:
    """Seconds for Redis to keep a record: relative, since its clock isn't ``now``."""
    expires_at = getattr(record, "expires_at", None)
    return b"" if expires_at is None else max(expires_at - now + keep, 0) + SLACK
