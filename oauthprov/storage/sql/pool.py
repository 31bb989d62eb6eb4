"""Connections that SQLAlchemy opens, kept here: checked for being alive, and safe across a fork.

SQLAlchemy's own pool costs as much as a read of one row. There is no ping before each use. When a
connection is found dead, all idle connections opened before are discarded; a connection that has
been idle is pinged before a commit.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection, StaticPool

from oauthprov.storage.interface import StorageError
from oauthprov.storage.lending import Lender
from oauthprov.storage.outage import Call, Unanswered, Watch
from oauthprov.storage.sql.failures import RolledBack, storage_error

T = TypeVar("T")

IDLE = 1.0
"""Seconds idle after which a connection may have died unnoticed."""


class _Died(Exception):
    """The connection is dead; the cause is the driver's failure."""


class Held:
    """A driver's ``connection`` with a ``cursor`` that is kept, or a place for one.

    A statement on the cursor must be read to its end. ``used`` is when the connection was last
    used, by ``time.monotonic()``; ``busy`` is what ``bound`` has set.
    """

    __slots__ = ("_proxied", "busy", "connection", "cursor", "epoch", "used")

    def __init__(self) -> None:
        self._proxied: PoolProxiedConnection | None = None
        self.connection: Any = None
        self.cursor: Any = None
        self.busy: int | None = None
        self.epoch = 0
        self.used = 0.0

    def open(self, engine: Engine, cursor: Callable[[Any], Any], epoch: int) -> None:
        """Connect; ``cursor`` makes the cursor that is kept."""
        proxied = engine.raw_connection()
        self.cursor = cursor(proxied.dbapi_connection)
        self.connection = proxied.dbapi_connection
        self._proxied = proxied
        self.busy = None
        self.epoch = epoch

    def discard(self) -> None:
        """Close the connection, if there is one."""
        if self._proxied is not None:
            proxied, self._proxied = self._proxied, None
            self.connection = self.cursor = None
            proxied.invalidate()


Bound = Callable[[Held, Call], None]


def _discard_all(lender: Lender[Held], owner: int) -> None:
    # In a forked process the connections belong to the parent.
    if os.getpid() == owner:
        lender.each_idle(Held.discard)


def _cursor_of(connection: Any) -> Any:
    return connection.cursor()


class Pool:
    """The connections of one engine, at most ``size`` in use at a time.

    ``watch`` limits the waits. ``bound``, if given, is called before each use, for drivers that
    must limit their waits themselves. ``cursor`` makes a connection's cursor.
    """

    def __init__(
        self,
        engine: Engine,
        watch: Watch,
        *,
        size: int,
        bound: Bound | None = None,
        cursor: Callable[[Any], Any] = _cursor_of,
    ) -> None:
        self.engine = engine
        self._watch = watch
        self._size = size
        self._bound = bound
        self._cursor = cursor
        self._failures = (engine.dialect.loaded_dbapi.Error, SQLAlchemyError, OSError)
        self._static = isinstance(engine.pool, StaticPool)  # the connection is the database
        self._epoch = 0
        self._inherited: list[object] = []
        self._begin()

    def run(self, work: Callable[[Held], T], *, once: bool = False) -> T:
        """Call ``work`` with a driver connection; failures of the driver become StorageError.

        Waiting for a connection, connecting and ``work`` are one call to the server. ``work``
        must end the transactions that it begins. Set ``once`` for work that writes; a read whose
        connection died while idle runs again on a new one.
        """
        with Call(self._watch) as call:
            if self._pid != self._watch.pid:
                self._leave_to_parent()
            lender = self._lender
            held = lender.take(call)
            try:
                return self._run(held, work, once, call)
            except self._failures as error:
                raise self._failure(error) from error
            finally:
                held.used = call.began
                lender.give_back(held)

    def close(self) -> None:
        """Close every connection, except a database in memory; the next use opens new ones."""
        if not self._static:
            self._epoch += 1  # those in use are closed by their next use
            self._lender.each_idle(Held.discard)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lender = Lender(Held, self._size)
        # Closes the connections of a storage that is garbage-collected without being closed.
        weakref.finalize(self, _discard_all, self._lender, self._pid)

    def _run(self, held: Held, work: Callable[[Held], T], once: bool, call: Call) -> T:
        if held.connection is not None and (
            held.epoch != self._epoch
            or (once and call.began - held.used > IDLE and self._has_died(held))
        ):
            held.discard()
        if held.connection is not None:
            try:
                return self._lend(held, work, call)
            except _Died as died:
                if once:
                    raise self._failure(died.__cause__ or died) from died.__cause__
        held.open(self.engine, self._cursor, self._epoch)
        try:
            return self._lend(held, work, call)
        except _Died as died:
            raise self._failure(died.__cause__ or died) from died.__cause__

    def _lend(self, held: Held, work: Callable[[Held], T], call: Call) -> T:
        try:
            if self._bound is not None:
                self._bound(held, call)
            return work(held)
        except RolledBack:
            raise
        except BaseException as error:
            died = self._is_disconnect(held, error)
            self._discard(held)
            if died or isinstance(error, Unanswered):
                self._epoch += 1  # the other idle connections may be dead too
            if died:
                raise _Died from error
            raise

    def _failure(self, error: BaseException) -> StorageError:
        return storage_error(error, self.engine.url)

    def _has_died(self, held: Held) -> bool:
        try:
            died = not self.engine.dialect.do_ping(held.connection)
        except self._failures:
            died = True
        except Unanswered:
            held.discard()
            self._epoch += 1
            raise
        self._epoch += died
        return died

    def _is_disconnect(self, held: Held, error: BaseException) -> bool:
        dialect: Any = self.engine.dialect
        return isinstance(error, self._failures) and bool(
            dialect.is_disconnect(error, held.connection, None)
        )

    def _discard(self, held: Held) -> None:
        if self._static:
            held.connection.rollback()
        else:
            held.discard()

    def _leave_to_parent(self) -> None:
        if self._static:
            self._pid = os.getpid()
        else:
            # Kept and never closed: closing them here would end the parent's sessions.
            self._inherited.append(self._lender)
            self._begin()
