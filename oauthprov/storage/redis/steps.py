"""Converts changes to steps of the script ``commit.lua``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from oauthprov.chance import getrandbits
from oauthprov.records import Grant, Record, slot
from oauthprov.storage.interface import Add, Change, Claim, Remove, Replace, Revoke, Stored
from oauthprov.storage.redis.codec import CODECS, Codec
from oauthprov.storage.redis.keys import Keys, shard_of
from oauthprov.storage.redis.wire import Command

SLACK = 60
"""Seconds that Redis keeps a record past expiry and ``keep``, in case clocks differ."""

GRANT = Grant.shape.name


@dataclass(slots=True)
class Step:
    """One step of the script: its keys and arguments, and the ``change`` that it belongs to.

    ``listed`` is whether it adds a record of a kind that has indexes or a roster.
    """

    change: Change
    keys: tuple[bytes, ...]
    arguments: tuple[bytes, ...]
    listed: bool = False


class Steps:
    """Converts changes to steps."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def step(self, change: Change, now: int) -> Step:
        """Return the step that checks a change and applies it to its record."""
        kind, key = change.target
        how = CODECS[kind]
        name = self._keys.record(how.name, key)
        match change:
            case Add(record):
                # Random, so that a version read before a Remove never matches a later record.
                value = how.header(record, getrandbits(26), None, None) + how.body(record)
                arguments = b"add", b"%d" % how.keep, value, _ttl(how, record, now)
                return Step(change, (name,), arguments, how.listed)
            case Replace(record, old):
                ended = old.claimed_at, old.revoked_at
                expected = how.header(old.record, old.version, *ended)
                value = how.header(record, old.version + 1, *ended) + how.body(record, old.extra)
                ttl = _ttl(how, record, now)
                return Step(change, (name,), (b"replace", b"%d" % how.keep, expected, value, ttl))
            case Claim():
                grant = self._keys.record(GRANT, slot(key))
                return Step(change, (name, grant), (b"claim", b"%d" % how.keep))
            case Remove():
                return Step(change, (name,), (b"remove",))
            case Revoke():
                return Step(change, (name,), (b"revoke",))

    def indexes(self, add: Add) -> Iterator[bytes]:
        """Yield the names of the indexes and rosters that list a new record."""
        record = add.record
        how = CODECS[type(record)]
        for field in how.indexes:
            value = getattr(record, field)
            if value is not None:
                yield self._keys.index(how.name, field, value)
        if how.rostered:
            yield self._keys.shard(how.name, shard_of(record.storage_key))

    def loading(
        self, copies: Sequence[Stored[Record]], now: int, *, marking: bool
    ) -> tuple[list[Command], list[Command]]:
        """Return the commands that enter ``copies`` in their indexes, and those that set them.

        Each may be sent again. ``marking`` is whether ``purge`` marks entries here.
        """
        records: list[Command] = []
        for copy in copies:
            record = copy.record
            how = CODECS[type(record)]
            header = how.header(record, getrandbits(26), copy.claimed_at, copy.revoked_at)
            name = self._keys.record(how.name, record.storage_key)
            ttl = _ttl(how, record, now)
            expiry = (b"EX", ttl) if ttl else ()
            records.append((b"SET", name, header + how.body(record, copy.extra), *expiry))
        return self.entering([copy.record for copy in copies], marking=marking), records

    def entering(self, records: Sequence[Record], *, marking: bool) -> list[Command]:
        """Return the commands that enter stored records in their indexes; each may be repeated."""
        members: dict[bytes, list[bytes]] = {}
        for record in records:
            for index in self.indexes(Add(record)):
                members.setdefault(index, []).append(record.storage_key.encode())
        entries: list[Command] = []
        for index, found in members.items():
            entries.append((b"ZADD", index, *chain.from_iterable((b"0", one) for one in found)))
            if marking:
                entries.append((b"ZREM", self._keys.marks(index), *found))
        return entries

    def entry(self, change: Change, index: bytes, *, beside: bool) -> Step:
        """Return the step that adds the entry of a new record; only ``purge`` drops entries.

        ``beside`` is whether the record is in the slot of the index: then ``purge`` marks none.
        """
        member = change.target[1].encode()
        if beside:
            return Step(change, (index,), (b"list", member))
        return Step(change, (index, self._keys.marks(index)), (b"enter", member))


def _ttl(how: Codec[Record], record: Record, now: int) -> bytes:
    """Return the seconds for Redis to keep a record: relative, since its clock isn't ``now``."""
    if not how.expires:
        return b""
    expires_at: int | None = record.expires_at  # type: ignore[attr-defined]
    if expires_at is None:
        return b""
    left = expires_at - now + how.keep
    return b"%d" % (left + SLACK if left > 0 else SLACK)
