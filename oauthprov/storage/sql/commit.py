"""Commits: makes all changes or none, and finds the change that was refused.

Nothing is read first. Each statement makes its change under its condition, and its row count shows
whether it did. Only after a commit was refused and undone are the records read; if they no longer
conflict, the commit is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from oauthprov.records import Record, is_key
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Conflict,
    Remove,
    Replace,
    Revoke,
    State,
    Stored,
)
from oauthprov.storage.sql.codec import Codecs
from oauthprov.storage.sql.engines import Engines
from oauthprov.storage.sql.failures import RolledBack
from oauthprov.storage.sql.planner import Planner
from oauthprov.storage.sql.retry import persistently
from oauthprov.storage.sql.statements import Compiler
from oauthprov.storage.sql.transaction import Runner

Read = Callable[[Sequence[tuple[type[Record], str]]], Sequence[Stored[Record] | None]]


class Committer:
    """Applies commits to one database; ``read`` is its ``get_many``."""

    def __init__(self, engines: Engines, compiler: Compiler, codecs: Codecs, read: Read) -> None:
        self._engines = engines
        self._planner = Planner(compiler, codecs, one_trip=engines.family == "postgresql")
        self._read = read
        dbapi = engines.writer.engine.dialect.loaded_dbapi
        self._runner = Runner(dbapi.Error, dbapi.IntegrityError, engines.begin)

    def commit(self, changes: Sequence[Change], now: int) -> None:
        """Apply ``changes`` as the contract requires. Raises Conflict and StorageError."""
        # The key of an added or replaced record is already checked.
        if [True for change in changes if type(change) is not Add and not _has_key(change)]:
            self._blame(changes, now)
            changes = [change for change in changes if _has_key(change)]
        if changes:
            persistently(partial(self._attempt, changes, now), self._engines.timeout)

    def load(self, copies: Sequence[Stored[Record]]) -> None:
        """Put each of ``copies`` in place of what its key holds, all in one transaction."""
        steps = self._planner.loading(copies)

        def attempt(number: int) -> None:
            if not self._engines.writer.run(partial(self._runner.together, steps), once=True):
                raise RolledBack  # somebody else has just added one of them

        persistently(attempt, self._engines.timeout)

    def _attempt(self, changes: Sequence[Change], now: int, attempt: int) -> None:
        if not self._apply(changes, now, again=attempt > 0):
            self._blame(changes, now)
            raise RolledBack  # the conflict no longer exists

    def _apply(self, changes: Sequence[Change], now: int, *, again: bool) -> bool:
        """Make the changes and return True, or undo all and return False."""
        # An expired record is removed from a key only after it was found to conflict.
        steps = self._planner.steps(changes, now, vacating=again)
        if len(steps) == 1 and steps[0].is_whole:
            return self._engines.autocommit.run(partial(self._runner.alone, steps[0]), once=True)
        return self._engines.writer.run(partial(self._runner.together, steps), once=True)

    def _blame(self, changes: Sequence[Change], now: int) -> None:
        """Raise Conflict for the first of ``changes`` that is refused, if one still is."""
        gates = [change for change in changes if not isinstance(change, Remove | Revoke)]
        found = self._read([change.target for change in gates])
        for change, stored in zip(gates, found, strict=True):
            there = None if stored is None or is_over(stored, now) else stored
            state = refusal(change, there, now)
            if state is not None:
                raise Conflict(change, state, there)


def _has_key(change: Change) -> bool:
    return is_key(change.target[1])


def refusal(change: Change, stored: Stored[Record] | None, now: int) -> State | None:
    """Return why ``change`` is refused, None if it isn't; ``stored`` is under its key."""
    match change:
        case Add():
            return None if stored is None else "exists"
        case Remove() | Revoke():
            return None
    if stored is None:
        return "unknown"
    match change:
        case Claim():
            state = stored.state(now)
            return None if state == "live" else state
        case Replace(_, expecting):
            return None if is_unchanged(stored, expecting) else "changed"


def is_over(stored: Stored[Record], now: int) -> bool:
    """Return whether a record is past expiry and ``keep``, so that its key counts as free."""
    expires_at: int | None = getattr(stored.record, "expires_at", None)
    return expires_at is not None and expires_at + stored.record.shape.keep <= now


def is_unchanged(stored: Stored[Record], expecting: Stored[Record]) -> bool:
    """Return whether ``stored`` is unchanged since ``expecting`` was read."""

    def marks(it: Stored[Record]) -> tuple[Any, ...]:
        return it.version, it.claimed_at, it.revoked_at

    return marks(stored) == marks(expecting)
