"""Converts changes to steps of the script ``commit.lua``."""

from __future__ import annotations

from dataclasses import dataclass
from random import getrandbits

from oauthprov.records import Grant, Record, slot
from oauthprov.storage.interface import Add, Change, Claim, Remove, Replace, Revoke
from oauthprov.storage.redis.codec import codec
from oauthprov.storage.redis.keys import Keys, shard_of

SLACK = 60
"""Seconds that Redis keeps a record past expiry and ``keep``, in case clocks differ."""

GRANT = Grant.shape.name


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the script: its keys and arguments, and the ``change`` that it belongs to."""

    change: Change
    keys: tuple[bytes, ...]
    arguments: tuple[bytes | int, ...]


class Steps:
    """Converts changes to steps."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def step(self, change: Change, now: int) -> Step:
        """Return the step that checks a change and applies it to its record."""
        kind, key = change.target
        how = codec(kind)
        name = self._keys.record(how.name, key)
        match change:
            case Add(record):
                # Random, so that a version read before a Remove never matches a later record.
                value = how.header(record, getrandbits(26), None, None) + how.body(record)
                ttl = _ttl(record, how.keep, now)
                return Step(change, (name,), (b"add", how.keep, value, ttl))
            case Replace(record, old):
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
        """Return the steps that add a new record's index entries; only ``purge`` drops them."""
        if not isinstance(change, Add):
            return []
        record, how = change.record, codec(type(change.record))
        key = record.storage_key
        names = [
            self._keys.index(how.name, field, value)
            for field in how.indexes
            if (value := getattr(record, field)) is not None
        ]
        if not how.expires:
            names.append(self._keys.shard(how.name, shard_of(key)))
        enter = b"enter", key.encode()
        return [Step(change, (name, self._keys.marks(name)), enter) for name in names]


def _ttl(record: Record, keep: int, now: int) -> bytes | int:
    """Return the seconds for Redis to keep a record: relative, since its clock isn't ``now``."""
    expires_at = getattr(record, "expires_at", None)
    return b"" if expires_at is None else max(expires_at - now + keep, 0) + SLACK
