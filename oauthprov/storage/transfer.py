"""Transfers: everything that one storage holds goes to another, as often as it is run.

Both storages are walked through side by side, kind by kind in the order of keys: what is missing
or different in the target is loaded, what the source no longer has is removed. So a run that was
killed is run again, and a later run takes over what has changed. Records past their expiry and
``keep`` are left out: their keys are free.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from operator import attrgetter
from typing import Any

from oauthprov.records import KINDS, TRANSFER, Record, Transfer
from oauthprov.storage.interface import (
    COMMIT_LIMIT,
    Add,
    Conflict,
    Remove,
    Replace,
    Storage,
    Stored,
)

Clock = Callable[[], int]
Pair = tuple[Stored[Any] | None, Stored[Any] | None]

PAGE = 500
MOVED: tuple[type[Record], ...] = tuple(kind for kind in KINDS if kind is not Transfer)
"""The kinds of records that are transferred: all but the mark of a transfer."""


class TransferRefused(Exception):
    """The transfer can't begin or go on; the message is a sentence with the reason."""


@dataclass(frozen=True, slots=True)
class Content:
    """How many records of a kind a storage holds, and the SHA-256 of all of them, in hex."""

    count: int
    digest: str


class Target:
    """The storage that is filled. Its mark says for which source, and which run is the latest."""

    def __init__(self, storage: Storage, source: str, clock: Clock) -> None:
        """Mark the storage for this run. Raises TransferRefused if it isn't ours to fill."""
        self.storage = storage
        self._clock = clock
        self._mark = self._marked(source)

    def check(self) -> None:
        """Raise TransferRefused if another run has begun since, or has completed the transfer."""
        found = self.storage.get(Transfer, TRANSFER)
        if found is None or found.version != self._mark.version:
            raise TransferRefused("Another run of this transfer has begun, so this one stops.")

    def load(self, copies: Sequence[Stored[Record]]) -> None:
        """Store up to COMMIT_LIMIT copies in place of what their keys hold."""
        self.check()
        self.storage.load(*copies, now=self._clock())

    def remove(self, targets: Sequence[tuple[type[Record], str]]) -> None:
        """Remove up to COMMIT_LIMIT records."""
        self.check()
        self.storage.commit(*(Remove(*target) for target in targets), now=self._clock())

    def copied(self) -> None:
        """Record that a run has reached the end of the source."""
        now = self._clock()
        change = replace(self._mark.record, copied_at=now)
        self.storage.commit(Replace(change, expecting=self._mark), now=now)
        self._mark = self._read()

    def complete(self) -> None:
        """Remove the mark: from now on the storage may be served."""
        self.check()
        self.storage.commit(Remove(Transfer, TRANSFER), now=self._clock())

    def _marked(self, source: str) -> Stored[Transfer]:
        now = self._clock()
        found = self.storage.get(Transfer, TRANSFER)
        if found is None:
            for kind in MOVED:
                if self.storage.find(kind, limit=1).items:
                    raise TransferRefused(
                        f"The target isn't empty: it holds records of the kind {kind.shape.name}."
                        " A transfer needs an empty storage."
                    )
            with suppress(Conflict):
                self.storage.commit(Add(Transfer(TRANSFER, source, now)), now=now)
            found = self._read()
        if found.record.source != source:
            raise TransferRefused(
                f"The target holds an incomplete transfer from {found.record.source}, not from"
                f" {source}. Complete that one, or empty the target."
            )
        self.storage.commit(Replace(found.record, expecting=found), now=now)
        return self._read()

    def _read(self) -> Stored[Transfer]:
        found = self.storage.get(Transfer, TRANSFER)
        if found is None:
            raise TransferRefused("Another run of this transfer has completed it.")
        return found


def incomplete(storage: Storage) -> str | None:
    """Return why a storage can't be served yet, in a phrase; None if no transfer fills it."""
    mark = storage.get(Transfer, TRANSFER)
    if mark is None:
        return None
    return (
        "the storage holds an incomplete transfer, to be completed by oauthprov transfer, from"
        f" {mark.record.source}"
    )


def begin(source: Storage, target: Storage, name: str, clock: Clock) -> Target:
    """Begin a run; ``name`` names the source, without secrets. Raises TransferRefused."""
    mark = source.get(Transfer, TRANSFER)
    if mark is not None and mark.record.copied_at is None:
        raise TransferRefused(
            f"The source holds only a part of {mark.record.source}: a transfer into it was begun"
            " and not completed."
        )
    return Target(target, name, clock)


def copy(source: Storage, target: Target, clock: Clock) -> Iterator[int]:
    """Make ``target`` hold what ``source`` holds; yield the numbers of records looked at.

    Raises TransferRefused if another run takes over, and for records of a newer version.
    """
    for kind in MOVED:
        pairs = _pairs(kind, source, target.storage, clock)
        while some := tuple(islice(pairs, COMMIT_LIMIT)):
            _settle(kind, some, target)
            yield len(some)
    target.copied()


def compare(
    source: Storage, target: Storage, clock: Clock
) -> Iterator[tuple[type[Record], Content, Content]]:
    """Yield each kind with what the source and the target hold of it."""
    for kind in MOVED:
        ours, theirs = _Hash(kind), _Hash(kind)
        for one, other in _pairs(kind, source, target, clock):
            ours.add(one)
            theirs.add(other)
        yield kind, ours.content(), theirs.content()


def _settle(kind: type[Record], pairs: Sequence[Pair], target: Target) -> None:
    """Load and remove what makes both sides of up to COMMIT_LIMIT pairs alike."""
    loads, removals = [], []
    for ours, theirs in pairs:
        if ours is not None:
            if ours.extra:
                raise TransferRefused(
                    "The source holds fields of a newer version: transfer with that version."
                )
            if theirs is None or _facts(ours) != _facts(theirs):
                loads.append(ours)
        elif theirs is not None:
            removals.append((kind, theirs.record.storage_key))
    if loads:
        target.load(loads)
    if removals:
        target.remove(removals)


def _pairs(kind: type[Record], source: Storage, target: Storage, clock: Clock) -> Iterator[Pair]:
    """Yield the records of both sides in the order of keys, those with the same key together.

    Neither side of a pair is past its expiry and ``keep``. What is loaded up to the last pair
    isn't met again: it is behind both walks.
    """
    ours, theirs = _walk(kind, source), _walk(kind, target)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        mine, its = (None if side is None else side.record.storage_key for side in (one, other))
        left = one if its is None or (mine is not None and mine <= its) else None
        right = other if mine is None or (its is not None and its <= mine) else None
        now = clock()
        pair = _kept(left, now), _kept(right, now)
        if pair != (None, None):
            yield pair
        if left is not None:
            one = next(ours, None)
        if right is not None:
            other = next(theirs, None)


def _walk(kind: type[Record], storage: Storage) -> Iterator[Stored[Any]]:
    return chain.from_iterable(storage.pages(kind, limit=PAGE))


def _kept(stored: Stored[Any] | None, now: int) -> Stored[Any] | None:
    """Return ``stored`` unless its key counts as free."""
    if stored is None or not stored.record.shape.expires:
        return stored
    expires_at: int | None = stored.record.expires_at
    if expires_at is not None and expires_at + stored.record.shape.keep <= now:
        return None
    return stored


def _facts(stored: Stored[Any]) -> tuple[Record, int | None, int | None]:
    return stored.record, stored.claimed_at, stored.revoked_at


class _Hash:
    """Counts and hashes the records of one kind, each with its state, in the order of keys."""

    def __init__(self, kind: type[Record]) -> None:
        names = [field.name for field in kind.shape.fields]
        self._values = attrgetter(*names)
        self._count = 0
        self._hash = hashlib.sha256()

    def add(self, stored: Stored[Any] | None) -> None:
        if stored is not None:
            facts = (self._values(stored.record), stored.claimed_at, stored.revoked_at)
            self._hash.update(json.dumps(facts).encode())
            self._count += 1

    def content(self) -> Content:
        return Content(self._count, self._hash.hexdigest())
