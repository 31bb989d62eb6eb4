"""Connections: checked out of SQLAlchemy's pool, alive, and safe across a fork.

There is no ping before each use. A connection found dead condemns every idle one of its time, and
before a commit one that has idled is asked whether it is alive.
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
"""Seconds after which a connection may have died unnoticed."""


class _Died(Exception):
    """The connection is gone; its cause is the driver's failure."""


def _dispose(engine: Engine, owner: int) -> None:
    # In a forked process they are the parent's.
    if os.getpid() == owner:
        engine.dispose()


Bound = Callable[[PoolProxiedConnection, float], None]


class _Turns:
    """As many turns as there are connections. A semaphore costs ten times as much."""

    def __init__(self, size: int) -> None:
        self._free = deque(range(size))
        self._waiting = 0
        self._returned = threading.Condition()

    def take(self, call: Call) -> None:
        """Take a turn, or wait for one; raise Unanswered when that takes too long."""
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
        """Hand the turn to one that waits."""
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
    """The connections of one engine, of which ``size`` are used at a time.

    ``watch`` bounds the waits. ``bound`` is called before each use with the seconds that are left,
    where only the driver can wait no longer than those.
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
        # A storage that is dropped without being closed closes its connections.
        weakref.finalize(self, _dispose, engine, os.getpid())
        self._epoch = 0
        self._pid = os.getpid()
        self._inherited: list[object] = []

    def run(self, work: Callable[[Any], T], *, once: bool = False) -> T:
        """Call ``work`` with a driver connection; any failure of the driver is StorageError.

        Waiting for a connection, connecting and ``work`` are one call to the server. ``work``
        ends the transactions that it begins. What may have written runs ``once``; a read that met
        a connection which died while it idled runs again on a new one.
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
        """Close every connection, unless it is the database; the next use opens new ones."""
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
                self._epoch += 1  # the way to the server may be gone, for all that idle
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
            # Kept, never closed: to close one here would end the parent's session.
            self._inherited.append(self.engine.pool)
            self.engine.dispose(close=False)
        self._turns = _Turns(self._size)
        self._pid = os.getpid()
