"""What is stored, the five changes of it, and which of them no backend may accept.

``oauthprov.storage.interface`` has all of these names: import them from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, Literal, TypeVar

from oauthprov.records import KEY_LIMIT, Grant, Record, is_key, slot

COMMIT_LIMIT = 100
"""Changes in one commit, at most; :func:`batches` cuts what may be more."""

T = TypeVar("T")
RecordT_co = TypeVar("RecordT_co", bound=Record, covariant=True)

Target = tuple[type[Record], str]
"""The kind and key of the record that a change is about."""

State = Literal["live", "unknown", "expired", "claimed", "revoked", "exists", "changed"]


@dataclass(frozen=True, slots=True)
class Stored(Generic[RecordT_co]):
    """A record and what storage knows of it.

    ``version`` rises with each Replace and begins at random, so that what was read of a record
    doesn't fit one that was added later under its key. ``grant`` is the grant that the record
    names and dies with, None when it names none or there is none. ``extra`` holds fields that
    newer code wrote and this code doesn't know; Replace writes them back.
    """

    record: RecordT_co
    version: int
    claimed_at: int | None = None
    revoked_at: int | None = None
    grant: Stored[Grant] | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    def state(self, now: int) -> State:
        """The first that applies of revoked, claimed, expired, live, at ``now``."""
        named = getattr(self.record, "grant_id", None) if self.record.shape.has_grant else None
        if self.revoked_at is not None:
            return "revoked"
        if named is not None and (self.grant is None or self.grant.revoked_at is not None):
            return "revoked"
        if self.claimed_at is not None:
            return "claimed"
        if self._expired(now) or (self.grant is not None and self.grant._expired(now)):
            return "expired"
        return "live"

    def _expired(self, now: int) -> bool:
        expires_at = getattr(self.record, "expires_at", None)
        return expires_at is not None and expires_at <= now


@dataclass(frozen=True, slots=True)
class Add:
    """Store a new record; its key must be free. Conflicts: exists."""

    record: Record

    @property
    def target(self) -> Target:
        """The kind and key of the record that is added."""
        return type(self.record), self.record.storage_key


@dataclass(frozen=True, slots=True)
class Claim:
    """Use a record up, once: it must be live, and stays as a tombstone.

    Conflicts: unknown, revoked, claimed, expired.
    """

    kind: type[Record]
    key: str

    @property
    def target(self) -> Target:
        """The kind and key of the record that is claimed."""
        return self.kind, self.key


@dataclass(frozen=True, slots=True)
class Replace:
    """Put ``record`` in place of ``expecting``, which must be unchanged since it was read.

    A claim or revocation is a change. Conflicts: unknown, changed.
    """

    record: Record
    expecting: Stored[Record]

    @property
    def target(self) -> Target:
        """The kind and key of the record that is replaced."""
        return type(self.record), self.record.storage_key


@dataclass(frozen=True, slots=True)
class Remove:
    """Drop a record, if it is there. Never conflicts."""

    kind: type[Record]
    key: str

    @property
    def target(self) -> Target:
        """The kind and key of the record that is removed."""
        return self.kind, self.key


@dataclass(frozen=True, slots=True)
class Revoke:
    """Kill a grant and with it every record that names it, by one write. Never conflicts.

    A grant already revoked keeps its first ``revoked_at``; one that isn't there stays absent.
    """

    grant_id: str

    @property
    def target(self) -> Target:
        """The kind and key of the record that is revoked."""
        return Grant, self.grant_id


Change = Add | Claim | Replace | Remove | Revoke


def batches(changes: Iterable[T]) -> Iterator[Sequence[T]]:
    """Yield ``changes``, or what they will be about, as many at a time as one commit takes."""
    remaining = iter(changes)
    while batch := tuple(islice(remaining, COMMIT_LIMIT)):
        yield batch


def check(changes: Sequence[Change]) -> None:
    """Raise ValueError for a commit that no backend may accept."""
    if len(changes) > COMMIT_LIMIT:
        raise ValueError(f"a commit has at most {COMMIT_LIMIT} changes, not {len(changes)}")
    if len(changes) > 1 and len({change.target for change in changes}) < len(changes):
        raise ValueError("a record may appear only once in a commit")
    for change in changes:
        if isinstance(change, Add):
            _check_record(change.record)
        elif isinstance(change, Replace):
            _check_record(change.record)
            _check_same(change.record, change.expecting.record)


def _check_record(record: Record) -> None:
    shape, key = record.shape, record.storage_key
    for name in (shape.key, *shape.indexes):
        value = getattr(record, name)
        if value is not None and not is_key(value):
            raise ValueError(
                f"{shape.name}.{name} must be 1 to {KEY_LIMIT} characters of printable ASCII"
            )
    if shape.has_grant and getattr(record, "grant_id", None) not in (None, slot(key)):
        raise ValueError("a record's grant_id must be the slot of its key")


def _check_same(record: Record, old: Record) -> None:
    if type(record) is not type(old) or record.storage_key != old.storage_key:
        raise ValueError("a record can only be replaced by one with the same kind and key")
    if any(getattr(record, name) != getattr(old, name) for name in record.shape.indexes):
        raise ValueError("the indexed fields of a stored record can't change")
