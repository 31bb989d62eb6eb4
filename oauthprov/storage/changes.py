"""Stored records, the five changes, and the checks that every commit must pass.

Import these names from ``oauthprov.storage.interface``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, Literal, TypeVar

from oauthprov.records import KEY_LIMIT, Grant, Record, Shape, is_key, slot

COMMIT_LIMIT = 100
"""The most changes that one commit may have; :func:`batches` splits longer sequences."""

T = TypeVar("T")
RecordT_co = TypeVar("RecordT_co", bound=Record, covariant=True)

Target = tuple[type[Record], str]
"""The kind and key of the record that a change affects."""

State = Literal["live", "unknown", "expired", "claimed", "revoked", "exists", "changed"]


@dataclass(frozen=True, slots=True)
class Stored(Generic[RecordT_co]):
    """A record with its state in storage.

    ``version`` grows with each Replace and begins at random, so that a Replace never applies to
    another record added later under the same key. ``grant`` is the grant that the record names,
    whose revocation also revokes the record; None when it names none or the grant is absent.
    ``extra`` holds fields that a newer version wrote and this version doesn't know; Replace
    writes them back.
    """

    record: RecordT_co
    version: int
    claimed_at: int | None = None
    revoked_at: int | None = None
    grant: Stored[Grant] | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    def state(self, now: int) -> State:
        """Return the first of revoked, claimed, expired and live that applies at ``now``."""
        shape, grant = self.record.shape, self.grant
        if self.revoked_at is not None:
            return "revoked"
        if grant is None:
            if shape.has_grant and self.record.grant_id is not None:  # type: ignore[attr-defined]
                return "revoked"
        elif grant.revoked_at is not None:
            return "revoked"
        if self.claimed_at is not None:
            return "claimed"
        if shape.expires and _is_over(self.record.expires_at, now):  # type: ignore[attr-defined]
            return "expired"
        if grant is not None and grant.record.expires_at <= now:
            return "expired"
        return "live"


def _is_over(expires_at: int | None, now: int) -> bool:
    return expires_at is not None and expires_at <= now


@dataclass(frozen=True, slots=True)
class Add:
    """Store a new record; its key must be free. Conflicts: exists."""

    record: Record

    @property
    def target(self) -> Target:
        """The kind and key of the added record."""
        return type(self.record), self.record.storage_key


@dataclass(frozen=True, slots=True)
class Claim:
    """Use a record once: it must be live, and stays stored as claimed.

    Conflicts: unknown, revoked, claimed, expired.
    """

    kind: type[Record]
    key: str

    @property
    def target(self) -> Target:
        """The kind and key of the claimed record."""
        return self.kind, self.key


@dataclass(frozen=True, slots=True)
class Replace:
    """Put ``record`` in place of ``expecting``, which must be unchanged since it was read.

    A Claim or Revoke counts as a change. Conflicts: unknown, changed.
    """

    record: Record
    expecting: Stored[Record]

    @property
    def target(self) -> Target:
        """The kind and key of the replaced record."""
        return type(self.record), self.record.storage_key


@dataclass(frozen=True, slots=True)
class Remove:
    """Drop a record, if it exists. Never conflicts."""

    kind: type[Record]
    key: str

    @property
    def target(self) -> Target:
        """The kind and key of the removed record."""
        return self.kind, self.key


@dataclass(frozen=True, slots=True)
class Revoke:
    """Revoke a grant and, by the same write, every record that names it. Never conflicts.

    A grant already revoked keeps its first ``revoked_at``; an absent grant stays absent.
    """

    grant_id: str

    @property
    def target(self) -> Target:
        """The kind and key of the revoked grant."""
        return Grant, self.grant_id


Change = Add | Claim | Replace | Remove | Revoke


def batches(changes: Iterable[T]) -> Iterator[Sequence[T]]:
    """Yield ``changes``, or items to be made into one change each, in groups of COMMIT_LIMIT."""
    remaining = iter(changes)
    while batch := tuple(islice(remaining, COMMIT_LIMIT)):
        yield batch


def check(changes: Sequence[Change]) -> None:
    """Raise ValueError for changes that no backend may commit."""
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
    if not is_key(key):
        raise _not_a_key(shape, shape.key)
    for name in shape.indexes:
        value = getattr(record, name)
        if value is not None and not is_key(value):
            raise _not_a_key(shape, name)
    if shape.has_grant:
        grant_id: str | None = record.grant_id  # type: ignore[attr-defined]
        if grant_id is not None and grant_id != slot(key):
            raise ValueError("a record's grant_id must be the slot of its key")


def _not_a_key(shape: Shape, name: str) -> ValueError:
    return ValueError(
        f"{shape.name}.{name} must be 1 to {KEY_LIMIT} characters of printable ASCII"
    )


def _check_same(record: Record, old: Record) -> None:
    if type(record) is not type(old) or record.storage_key != old.storage_key:
        raise ValueError("a record can only be replaced by one with the same kind and key")
    if any(getattr(record, name) != getattr(old, name) for name in record.shape.indexes):
        raise ValueError("the indexed fields of a stored record can't change")
