"""The storage contract: five changes, nine verbs, and what may go wrong.

A backend implements :class:`Storage` and proves itself with ``oauthprov.storage.testing``. It
knows records by their :class:`~oauthprov.records.Shape` alone, and nothing of OAuth. ``commit``
and ``find`` check their arguments here, so that no backend has to: it implements ``_commit`` and
``_find``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from oauthprov.records import Record, is_key
from oauthprov.storage.changes import (
    COMMIT_LIMIT,
    Add,
    Change,
    Claim,
    Remove,
    Replace,
    Revoke,
    State,
    Stored,
    Target,
    batches,
    check,
)

__all__ = (
    "COMMIT_LIMIT",
    "Add",
    "Change",
    "Claim",
    "Conflict",
    "Contended",
    "Health",
    "Page",
    "Purged",
    "Remove",
    "Replace",
    "Revoke",
    "State",
    "Storage",
    "StorageError",
    "StorageFull",
    "Stored",
    "Target",
    "UpgradeNeeded",
    "batches",
    "persistently",
)

T = TypeVar("T")
R = TypeVar("R", bound=Record)
RecordT_co = TypeVar("RecordT_co", bound=Record, covariant=True)


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


class Contended(StorageError):
    """Others changed the same record each time: nothing of this attempt was written."""


def persistently(
    attempt: Callable[[], T], lost: tuple[type[Exception], ...] = (Conflict,), races: int = 20
) -> T:
    """Return what ``attempt`` returns, which reads, decides and commits anew after each defeat.

    ``lost`` are the errors that tell of a defeat. Raises Contended after ``races`` of them.
    """
    for _ in range(races):
        with suppress(*lost):
            return attempt()
    raise Contended("other requests keep changing the same record")


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
            raise ValueError("find() takes one index at a time")
        if limit < 1:
            raise ValueError("the limit must be 1 or more")
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
        for page in self.pages(kind, limit=100, **index):
            yield from page

    def pages(
        self, kind: type[R], *, limit: int = 100, **index: str
    ) -> Iterator[tuple[Stored[R], ...]]:
        """Yield every record that ``find`` finds, up to ``limit`` at a time."""
        after = None
        while True:
            page = self.find(kind, after=after, limit=limit, **index)
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
        check(changes)
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
