"""The storage contract: five changes, nine verbs, and what may go wrong.

A backend implements :class:`Storage` and proves itself with ``oauthprov.storage.testing``. It
knows records by their :class:`~oauthprov.records.Shape` alone, and nothing of OAuth. ``commit``
and ``find`` check their arguments here, so that no backend has to: it implements ``_commit`` and
``_find``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, Literal, TypeVar, final

from oauthprov.records import KEY_LIMIT, Grant, Record, is_key, slot

COMMIT_LIMIT = 100
"""Changes in one commit, at most; :func:`batches` cuts what may be more."""

R = TypeVar("R", bound=Record)
RecordT_co = TypeVar("RecordT_co", bound=Record, covariant=True)

Target = tuple[type[Record], str]
"""The kind and key of the record that a change is about."""

State = Literal["live", "unknown", "expired", "claimed", "revoked", "exists", "changed"]


class StorageError(Exception):
    """The backend failed, or the outcome isn't known. Never retried; ``original`` is the cause."""

    def __init__(self, message: str, original: BaseException | None = None) -> None:
        super().__init__(message)
        self.original = original


class StorageFull(StorageError):
    """The backend has no room for more: nothing was written. Reading and ending go on."""


class UpgradeNeeded(StorageError):
    """The stored schema isn't the one that this version writes: ``upgrade()`` brings it there."""


class Conflict(Exception):
    """A commit lost: nothing of its slot was written.

    ``change`` is the one refused, ``state`` why, ``stored`` what was found in its place (None when
    nothing was).
    """

    def __init__(self, change: Change, state: State, stored: Stored[Record] | None = None) -> None:
        super().__init__(f"{type(change).__name__}: {state}")
        self.change = change
        self.state = state
        self.stored = stored


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


def batches(changes: Iterable[Change]) -> Iterator[Sequence[Change]]:
    """Yield ``changes`` in their order, as many at a time as one commit takes."""
    remaining = iter(changes)
    while batch := tuple(islice(remaining, COMMIT_LIMIT)):
        yield batch


@dataclass(frozen=True, slots=True)
class Page(Generic[RecordT_co]):
    """Some of the records found; ``next`` is the cursor for more, None when there are none."""

    items: tuple[Stored[RecordT_co], ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Purged:
    """One step of a pass of ``purge``: how much it dropped, and where the pass goes on.

    ``count`` is in records, or in whatever else the backend had to drop; ``next`` is the cursor
    for the next step, None when the pass is over.
    """

    count: int
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What of a backend that answers is wrong nevertheless.

    ``full`` says that it stores nothing new; what is stored can still be read, claimed, revoked
    and removed. ``warnings`` are sentences for an operator: settings that lose or drop records.
    """

    full: bool = False
    warnings: tuple[str, ...] = ()


class Storage(ABC):
    """What the provider asks of a database. Every method may raise StorageError.

    Every method is safe to call from many threads and, over one database, from many processes.
    Time is an argument (``now``, epoch seconds); a backend's own expiry is garbage collection.
    """

    def get(self, kind: type[R], key: str) -> Stored[R] | None:
        """Return the record of ``kind`` under ``key``, dead or alive, with its grant; one trip.

        None when there is none, also for a key that no record can have: empty, too long, or with
        other characters than printable ASCII. Whoever asks needn't check what a stranger sent.
        """
        return self.get_many([(kind, key)])[0]  # type: ignore[return-value]

    @abstractmethod
    def get_many(
        self, pairs: Sequence[tuple[type[Record], str]]
    ) -> Sequence[Stored[Record] | None]:
        """Return what ``get`` would for each pair, in order; one trip where the engine can."""

    @final
    def find(
        self, kind: type[R], *, after: str | None = None, limit: int = 100, **index: str
    ) -> Page[R]:
        """Return up to ``limit`` records whose indexed field has a value, or every record.

        At most one index is named. The order is by key and stable, so a walk with ``after`` set to
        the last page's ``next`` meets each record that was there throughout exactly once. A page
        isn't empty while its ``next`` says that there is more. Raises ValueError for a field that
        isn't an index, a limit below 1, or a cursor that isn't one of this method's.
        """
        if others := sorted(index.keys() - set(kind.shape.indexes)):
            raise ValueError(f"{kind.__name__} has no index {', '.join(others)}")
        if len(index) > 1:
            raise ValueError("records are found by one index at a time")
        if limit < 1:
            raise ValueError("a page holds at least one record")
        if not all(map(is_key, index.values())):
            return Page(())
        return self._find(kind, index, after, limit)

    @abstractmethod
    def _find(
        self, kind: type[R], index: Mapping[str, str], after: str | None, limit: int
    ) -> Page[R]:
        """Do what ``find`` says; ``index`` names one indexed field and its value, or none.

        Raises ValueError for an ``after`` that isn't a cursor of this method.
        """

    def walk(self, kind: type[R], **index: str) -> Iterator[Stored[R]]:
        """Yield every record that ``find`` finds."""
        for page in self.pages(kind, **index):
            yield from page

    def pages(self, kind: type[R], **index: str) -> Iterator[tuple[Stored[R], ...]]:
        """Yield every record that ``find`` finds, up to a hundred at a time."""
        after = None
        while True:
            page = self.find(kind, after=after, limit=100, **index)
            yield page.items
            if page.next is None:
                return
            after = page.next

    @final
    def commit(self, *changes: Change, now: int) -> None:
        """Apply all the changes, or none and raise Conflict for the first that may not be.

        Within one slot all or nothing holds on every backend; across slots a cluster may stop
        between two, in the caller's order of their first change. From the second
        ``expires_at + keep`` on a key counts as free.

        Raises ValueError, and changes nothing, for more than COMMIT_LIMIT changes, two changes of
        one record, a key or indexed value that :func:`~oauthprov.records.is_key` refuses, a
        ``grant_id`` that isn't the slot of the record's key, and a replacement of another kind,
        key or indexed value than what it replaces.
        """
        _check(changes)
        if changes:
            self._commit(changes, now)

    @abstractmethod
    def _commit(self, changes: Sequence[Change], now: int) -> None:
        """Do what ``commit`` says; ``changes`` are checked as it says, and not empty.

        A Claim, Remove or Revoke may still name a key that no record can have: for a Claim that
        is unknown, for the others there is nothing to do.
        """

    @abstractmethod
    def purge(self, *, now: int, limit: int = 500, after: str | None = None) -> Purged:
        """Drop up to ``limit`` records whose keys count as free at ``now``: one step of a pass.

        A pass begins without ``after``; each further step has the ``next`` of the one before and
        the same ``now``. It meets everything once, however much expires beside it. A step does
        a bounded amount of work, beside traffic, and may drop nothing though more follow. A grant
        goes no sooner than its tokens. What points at dropped records goes with them, or in the
        next pass. Raises ValueError for a cursor that isn't one of this method's.
        """

    def purge_pass(self, *, now: int, limit: int = 500) -> Iterator[int]:
        """Make one pass of ``purge``; yield how much each step dropped."""
        after = None
        while True:
            purged = self.purge(now=now, limit=limit, after=after)
            yield purged.count
            if purged.next is None:
                return
            after = purged.next

    @abstractmethod
    def ping(self) -> None:
        """Return when the backend answers; raise UpgradeNeeded when its schema isn't ours."""

    def health(self) -> Health:
        """Do what ``ping`` does; return what is wrong though the backend answers.

        Facts that the connection may not read are taken for good.
        """
        self.ping()
        return Health()

    @abstractmethod
    def upgrade(self) -> None:
        """Bring the schema to this version; a no-op where there is none or it is current."""

    @abstractmethod
    def describe(self) -> Mapping[str, str]:
        """Return facts for an operator: engine, version, durability. No secrets, no passwords."""

    @abstractmethod
    def close(self) -> None:
        """Give back every connection. The storage may be used again afterwards."""


def _check(changes: Sequence[Change]) -> None:
    """Raise ValueError for a commit that no backend may accept."""
    if len(changes) > COMMIT_LIMIT:
        raise ValueError(f"a commit has at most {COMMIT_LIMIT} changes, not {len(changes)}")
    if len(changes) > 1 and len({change.target for change in changes}) < len(changes):
        raise ValueError("a record appears at most once in a commit")
    for change in changes:
        match change:
            case Add(record):
                _check_record(record)
            case Replace(record, expecting):
                _check_record(record)
                _check_same(record, expecting.record)


def _check_record(record: Record) -> None:
    shape, key = record.shape, record.storage_key
    for name in (shape.key, *shape.indexes):
        value = getattr(record, name)
        if value is not None and not is_key(value):
            raise ValueError(
                f"{shape.name}.{name} is printable ASCII of 1 to {KEY_LIMIT} characters"
            )
    if shape.has_grant and getattr(record, "grant_id", None) not in (None, slot(key)):
        raise ValueError("the grant that a record names is the slot of its key")


def _check_same(record: Record, old: Record) -> None:
    if type(record) is not type(old) or record.storage_key != old.storage_key:
        raise ValueError("a record is replaced by one of its kind and key")
    if any(getattr(record, name) != getattr(old, name) for name in record.shape.indexes):
        raise ValueError("the indexed fields of a stored record don't change")
