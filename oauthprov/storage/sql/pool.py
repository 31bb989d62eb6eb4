"""Connections from SQLAlchemy's pool, checked for being alive, and safe across a fork.

There is no ping before each use. When a connection is found dead, all idle connections opened
before are discarded; a connection that has been idle is pinged before a commit.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection, StaticPool

from oauthprov.storage.outage import Call, Unanswered, Watch
from oauthprov.storage.sql.failures import RolledBack, storage_error

T = TypeVar("T")

IDLE = 1.0
"""Seconds idle after which a connection may have died unnoticed."""


class _Died(Exception):
    """The connection is dead; the cause is the driver's failure."""


def _dispose(engine: Engine, owner: int) -> None:
    # In a forked process the connections belong to the parent.
    if os.getpid() == owner:
        engine.dispose()


Bound = Callable[[PoolProxiedConnection, float], None]


class _Turns:
    """Limits the connections in use at a time. A semaphore costs ten times as much."""

    def __init__(self, size: int) -> None:
        self._free = deque(range(size))
        self._waiting = 0
        self._returned = threading.Condition()

    def take(self, call: Call) -> None:
        """Take a turn, or wait for one. Raises Unanswered if that takes too long."""
        try:
            self._free.pop()
        except IndexError:
            with self._returned:
                self._waiting += 1
                try:
                    self._wait(call)
                finally:
                    self._waiting -= 1

    def give_back(self) -> None:
        """Return the turn; a waiting thread gets it."""
        self._free.append(0)
        if self._waiting:
            with self._returned:
                self._returned.notify()

    def _wait(self, call: Call) -> None:
        while True:
            try:
                self._free.pop()
            except IndexError:
                if not self._returned.wait(call.slice):
                    call.nothing_came()
            else:
                return


class Pool:
    """The connections of one engine, at most ``size`` in use at a time.

    ``watch`` limits the waits. ``bound``, if given, is called before each use with the seconds
    left, for drivers that must limit their waits themselves.
    """

    def __init__(
        self, engine: Engine, watch: Watch, *, size: int, bound: Bound | None = None
    ) -> None:
        self.engine = engine
        self._watch = watch
        self._size = size
        self._turns = _Turns(size)
        self._bound = bound
        self._failures = (engine.dialect.loaded_dbapi.Error, SQLAlchemyError, OSError)
        self._static = isinstance(engine.pool, StaticPool)  # the connection is the database
        # Closes the connections of a storage that is garbage-collected without being closed.
        weakref.finalize(self, _dispose, engine, os.getpid())
        self._epoch = 0
        self._pid = os.getpid()
        self._inherited: list[object] = []

    def run(self, work: Callable[[Any], T], *, once: bool = False) -> T:
        """Call ``work`` with a driver connection; failures of the driver become StorageError.

        Waiting for a connection, connecting and ``work`` are one call to the server. ``work``
        must end the transactions that it begins. Set ``once`` for work that writes; a read whose
        connection died while idle runs again on a new one.
        """
        if self._pid != os.getpid():
            self._leave_to_parent()
        with self._watch.call() as call:
            turns = self._turns
            turns.take(call)
            try:
                return self._run(work, once, call)
            except self._failures as error:
                raise storage_error(error) from error
            finally:
                turns.give_back()

    def close(self) -> None:
        """Close every connection, except a database in memory; the next use opens new ones."""
        if not self._static:
            self.engine.dispose()

    def _run(self, work: Callable[[Any], T], once: bool, call: Call) -> T:
        held = self._checkout(ask=once)
        idled = "used" in held.info
        try:
            return self._lend(held, work, call)
        except _Died as died:
            if once or not idled:
                raise storage_error(died.__cause__ or died) from died.__cause__
        return self._lend(self._checkout(ask=False), work, call)

    def _lend(self, held: PoolProxiedConnection, work: Callable[[Any], T], call: Call) -> T:
        try:
            if self._bound is not None:
                self._bound(held, call.left)
            result = work(held.dbapi_connection)
        except RolledBack:
            self._give_back(held)
            raise
        except BaseException as error:
            died = self._is_disconnect(held, error)
            self._discard(held)
            if died or isinstance(error, Unanswered):
                self._epoch += 1  # the other idle connections may be dead too
            if died:
                raise _Died from error
            raise
        self._give_back(held)
        return result

    def _checkout(self, *, ask: bool) -> PoolProxiedConnection:
        while True:
            held = self.engine.raw_connection()
            if held.info.setdefault("epoch", self._epoch) == self._epoch:
                if not (ask and self._has_died(held)):
                    return held
                self._epoch += 1
            held.invalidate()

    def _has_died(self, held: PoolProxiedConnection) -> bool:
        used = held.info.get("used")
        if used is None or time.monotonic() - used < IDLE:
            return False
        try:
            return not self.engine.dialect.do_ping(held.dbapi_connection)  # type: ignore[arg-type]
        except self._failures:
            return True
        except Unanswered:
            held.invalidate()
            self._epoch += 1
            raise

    def _is_disconnect(self, held: PoolProxiedConnection, error: BaseException) -> bool:
        dialect: Any = self.engine.dialect
        return isinstance(error, self._failures) and bool(
            dialect.is_disconnect(error, held.dbapi_connection, None)
        )

    def _give_back(self, held: PoolProxiedConnection) -> None:
        held.info["used"] = time.monotonic()
        held.close()

    def _discard(self, held: PoolProxiedConnection) -> None:
        if self._static:
            held.rollback()
            held.close()
        else:
            held.invalidate()

    def _leave_to_parent(self) -> None:
        if not self._static:
            # Kept and never closed: closing them here would end the parent's sessions.
            self._inherited.append(self.engine.pool)
            self.engine.dispose(close=False)
        self._turns = _Turns(self._size)
        self._pid = os.getpid()
