"""The storage contract: five changes, ten verbs, and what may go wrong.

A backend implements :class:`Storage` and proves itself with ``oauthprov.storage.testing``. It
knows nothing of OAuth, only the :class:`~oauthprov.records.Shape` of each kind of record.
``commit``, ``find`` and ``load`` check their arguments here and call ``_commit``, ``_find`` and
``_load``, which a backend implements.
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
    "StorageReadOnly",
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
    """The backend failed, or the outcome is unknown. Never retried; ``original`` is the cause.

    ``explained`` is whether the message names the reason, so that a traceback adds nothing to it.
    """

    explained = False

    def __init__(
        self, message: str, original: BaseException | None = None, *, explained: bool = False
    ) -> None:
        super().__init__(message)
        self.original = original
        self.explained = explained or type(self).explained


class StorageFull(StorageError):
    """The backend is full: nothing was written. Reads and removals still work."""

    explained = True


class StorageReadOnly(StorageError):
    """The storage takes no writes, because a setting says so: nothing was written."""

    explained = True


class UpgradeNeeded(StorageError):
    """The stored schema is missing or older than this version's: call ``upgrade()``."""

    explained = True


class Conflict(Exception):
    """A commit was refused because of what is stored: nothing of its slot was written.

    ``change`` is the refused change, ``state`` the reason, ``stored`` the record found under its
    key (None if there was none).
    """

    def __init__(self, change: Change, state: State, stored: Stored[Record] | None = None) -> None:
        super().__init__(f"{type(change).__name__}: {state}")
        self.change = change
        self.state = state
        self.stored = stored


class Contended(StorageError):
    """Each attempt lost to another change of the same record; the last one wrote nothing."""


def persistently(
    attempt: Callable[[], T], lost: tuple[type[Exception], ...] = (Conflict,), races: int = 20
) -> T:
    """Call ``attempt``, which reads, decides and commits, until it succeeds; return its result.

    It is called again after each error of the types in ``lost``. Raises Contended after ``races``
    such errors.
    """
    for _ in range(races):
        with suppress(*lost):
            return attempt()
    raise Contended("other requests keep changing the same record")


@dataclass(frozen=True, slots=True)
class Page(Generic[RecordT_co]):
    """A page of records; ``next`` is the cursor of the next page, None on the last."""

    items: tuple[Stored[RecordT_co], ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Purged:
    """The result of one step of a pass of ``purge``.

    ``count`` is the number of records, or other entries of the backend, that the step dropped;
    ``next`` is the cursor of the next step, None when the pass is complete.
    """

    count: int
    next: str | None = None


READ_ONLY = "it is read-only (oauthprov.storage.read_only)"
OUTDATED = "records of an earlier version aren't upgraded; run: oauthprov storage upgrade YOUR.ini"


@dataclass(frozen=True, slots=True)
class Health:
    """Problems of a backend that does answer.

    ``full`` is whether it refuses new records; stored records can still be read, claimed, revoked
    and removed. ``warnings`` are sentences for the operator on settings that lose or drop records.
    ``outdated`` is whether records of an earlier version wait for ``upgrade``, in a backend that
    serves them nonetheless; one that can't raises UpgradeNeeded. ``read_only`` is whether a
    setting lets it take no writes.
    """

    full: bool = False
    warnings: tuple[str, ...] = ()
    outdated: bool = False
    read_only: bool = False

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return what the operator should know, but for a full backend."""
        outdated = (OUTDATED,) if self.outdated else ()
        return (*self.warnings, *outdated, *((READ_ONLY,) if self.read_only else ()))


class Storage(ABC):
    """The interface of a storage backend. Every method may raise StorageError.

    Every method is safe to call from many threads and, over one database, from many processes.
    Time is an argument (``now``, epoch seconds). Expiry by the backend itself is only garbage
    collection.
    """

    atomic: bool = True
    """Whether a commit is atomic over all slots; on a cluster, only within each."""

    def get(self, kind: type[R], key: str) -> Stored[R] | None:
        """Return the record of ``kind`` under ``key``, live or not, with its grant; one trip.

        Return None if there is none, and for an invalid key: empty, too long, or with characters
        other than printable ASCII. Hence callers may pass keys from requests unchecked.
        """
        return self.get_many([(kind, key)])[0]  # type: ignore[return-value]

    @abstractmethod
    def get_many(
        self, pairs: Sequence[tuple[type[Record], str]]
    ) -> Sequence[Stored[Record] | None]:
        """Return for each pair what ``get`` returns, in order; one trip if the engine can."""

    @final
    def find(
        self, kind: type[R], *, after: str | None = None, limit: int = 100, **index: str
    ) -> Page[R]:
        """Return up to ``limit`` records with the given indexed value, or of all records.

        At most one index may be given. Records are ordered by key. A walk that passes the ``next``
        of each page as ``after`` returns every record that exists throughout the walk exactly
        once. A page with a ``next`` is never empty. Raises ValueError for a field that has no
        index, a limit below 1, or a cursor that this method didn't return.
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
        """Implement ``find``; ``index`` holds one indexed field and its value, or is empty.

        Raises ValueError for an ``after`` that this method didn't return as a cursor.
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
        """Apply all changes, or apply none and raise Conflict for the first one refused.

        Changes within one slot are atomic on every backend. A cluster commits slot by slot, in the
        order of their first changes, and may fail between two slots. From the second
        ``expires_at + keep`` on, the key of a record counts as free.

        Raises ValueError, and changes nothing, for more than COMMIT_LIMIT changes, two changes of
        one record, a key or indexed value for which :func:`~oauthprov.records.is_key` is false, a
        ``grant_id`` that isn't the slot of the record's key, and a replacement that differs from
        the stored record in its kind, key or an indexed value.
        """
        check(changes)
        if changes:
            self._commit(changes, now)

    @abstractmethod
    def _commit(self, changes: Sequence[Change], now: int) -> None:
        """Implement ``commit``; ``changes`` are already checked and not empty.

        A Claim, Remove or Revoke may still name an invalid key: a Claim then conflicts as unknown,
        the others do nothing.
        """

    @final
    def load(self, *copies: Stored[Record], now: int) -> None:
        """Store copies of records from another storage, each in place of what its key holds.

        A copy keeps its ``record``, ``claimed_at``, ``revoked_at`` and, if the engine can, its
        ``extra``; it gets a new ``version``, and its ``grant`` isn't stored. Of each record either
        everything is stored, with its index entries, or nothing; the call as a whole may fail
        after some of them. It asks for no state, so that it can be repeated: only for a storage
        that nobody else writes.

        Raises ValueError, and stores nothing, for more than COMMIT_LIMIT copies, two copies of one
        record, and a record that ``commit`` wouldn't add.
        """
        check([Add(copy.record) for copy in copies])
        if copies:
            self._load(copies, now)

    @abstractmethod
    def _load(self, copies: Sequence[Stored[Record]], now: int) -> None:
        """Implement ``load``; ``copies`` are already checked and not empty."""

    @abstractmethod
    def purge(self, *, now: int, limit: int = 500, after: str | None = None) -> Purged:
        """Drop up to ``limit`` records whose keys count as free at ``now``: one step of a pass.

        A pass begins without ``after``; each further step takes the ``next`` of the previous step
        and the same ``now``. A pass meets each record once, even if others expire meanwhile. A
        step does a bounded amount of work, so that traffic goes on, and may drop nothing although
        more steps follow. A grant is dropped no sooner than its tokens. Index entries of dropped
        records are dropped with them or in the next pass. Raises ValueError for a cursor that this
        method didn't return.
        """

    def purge_pass(self, *, now: int, limit: int = 500) -> Iterator[int]:
        """Make one pass of ``purge``; yield the ``count`` of each step."""
        after = None
        while True:
            purged = self.purge(now=now, limit=limit, after=after)
            yield purged.count
            if purged.next is None:
                return
            after = purged.next

    @abstractmethod
    def ping(self) -> None:
        """Check that the backend answers. Raises UpgradeNeeded for a missing or older schema."""

    def health(self) -> Health:
        """Do what ``ping`` does; return the problems of a backend that does answer.

        A fact that the connection has no permission to read counts as no problem.
        """
        self.ping()
        return Health()

    @abstractmethod
    def upgrade(self) -> None:
        """Bring the schema to this version; do nothing if it is current or there is none."""

    @abstractmethod
    def describe(self) -> Mapping[str, str]:
        """Return facts for the operator: engine, version, durability; never a secret."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection. The storage may be used again afterwards."""
