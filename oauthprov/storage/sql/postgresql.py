"""PostgreSQL through psycopg, with waits limited to the time of the storage call."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import Transformer as Adapter
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait
from sqlalchemy import URL

from oauthprov.storage.outage import Call, Unanswered, apart, current

T = TypeVar("T")

SUCCESS = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.PIPELINE_SYNC)


class Connection(psycopg.Connection[Any]):
    """A connection that closes itself if a reply doesn't arrive in time.

    A stopped server doesn't enforce its own limits, while its kernel still acknowledges data.
    """

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Wait as psycopg does. Raises Unanswered if the call should not wait any longer."""
        call = current()
        if call is None:
            return super().wait(gen, *args, **kwargs)
        return self._waited(_judged(gen, call), call)

    def reply(self) -> PGresult:
        """Return the result of one command that was sent. Raises Unanswered."""
        call = current()
        assert call is not None  # noqa: S101 (the pool makes calls)
        return self._waited(_replied(self.pgconn, call), call)

    def succeeded(self, result: PGresult) -> PGresult:
        """Return a result that is no error. Raises psycopg's errors."""
        if result.status not in SUCCESS:
            raise errors.error_from_result(result, self.info.encoding)
        return result

    def _waited(self, gen: Generator[Any, Any, T], call: Call) -> T:
        try:
            return super().wait(gen, call.slice)
        except Unanswered:
            self.close()
            raise


def _judged(gen: Generator[Any, Any, T], call: Call) -> Generator[Any, Any, T]:
    """Pass on the waits of psycopg's generator, and report their results to the call."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                call.heard()
            else:
                call.nothing_came()
            wanted = gen.send(ready)
    except StopIteration as done:
        result: T = done.value
        return result


def _replied(pgconn: PGconn, call: Call) -> Generator[Wait, Ready, PGresult]:
    """Send what is left of a command, and receive its last result."""
    last = None
    while pgconn.flush():
        ready = yield Wait.RW
        if not ready:
            call.nothing_came()
        elif ready & Ready.R:
            pgconn.consume_input()
    while True:
        while pgconn.is_busy():
            if (yield Wait.R):
                call.heard()
                pgconn.consume_input()
            else:
                call.nothing_came()
        result = pgconn.get_result()
        if result is None:
            break
        last = result
    if last is None:
        raise psycopg.InternalError("a command without a result")
    return last


class _Statement:
    """A statement that is prepared on one connection, and the adaptation of its values."""

    __slots__ = ("adapter", "formats", "name", "text")

    def __init__(self, sql: str, name: bytes, connection: Connection) -> None:
        first, *others = sql.split("%s")
        numbered = first + "".join(f"${n}{part}" for n, part in enumerate(others, 1))
        self.text = numbered.replace("%%", "%").encode()
        self.name = name
        self.formats = [PyFormat.TEXT] * len(others)
        self.adapter: Adapter = Transformer(connection)

    def dumped(self, values: Sequence[Any]) -> Sequence[Any]:
        """Return the parameters as PostgreSQL reads them."""
        return self.adapter.dump_sequence(values, self.formats)


class Cursor:
    """Runs statements on a connection, each prepared by its first run, in the same round trip.

    A psycopg cursor converts the statement and its parameters anew for each run, which takes
    longer than the server does. This one lacks whatever isn't needed here: placeholders are
    ``%s``, parameters are sent as text, and PostgreSQL deduces their types.
    """

    __slots__ = ("_connection", "_numbers", "_prepared", "_rows", "rowcount")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._prepared: dict[str, _Statement] = {}
        self._numbers = itertools.count()
        self._rows: list[Any] = []
        self.rowcount = -1

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement. Raises psycopg's errors, and Unanswered."""
        statement = self._prepared.get(sql)
        if statement is None:
            statement = _Statement(sql, b"oauthprov%d" % next(self._numbers), self._connection)
            result = self._first_result(sql, statement, values)
        else:
            parameters = statement.dumped(values)
            self._connection.pgconn.send_query_prepared(
                statement.name, parameters, result_format=Format.BINARY
            )
            result = self._connection.succeeded(self._connection.reply())
        statement.adapter.set_pgresult(result)
        self._rows = statement.adapter.load_rows(0, result.ntuples, tuple)
        self.rowcount = result.command_tuples or 0

    def fetchall(self) -> Sequence[tuple[Any, ...]]:
        """Return the rows of the last statement."""
        return self._rows

    def _first_result(self, sql: str, statement: _Statement, values: Sequence[Any]) -> PGresult:
        connection, pgconn = self._connection, self._connection.pgconn
        parameters = statement.dumped(values)
        pgconn.enter_pipeline_mode()
        pgconn.send_prepare(statement.name, statement.text)
        pgconn.send_query_prepared(statement.name, parameters, result_format=Format.BINARY)
        pgconn.pipeline_sync()
        prepared, result, committed = [connection.reply() for _ in range(3)]
        pgconn.exit_pipeline_mode()
        connection.succeeded(prepared)
        self._prepared[sql] = statement
        connection.succeeded(result)
        connection.succeeded(committed)
        return result


def connect(dialect: Any, record: Any, args: list[Any], kwargs: dict[str, Any]) -> Connection:
    """Connect, as a SQLAlchemy event; resolving the host and TLS also have a time limit."""
    return apart(lambda: Connection.connect(*args, **kwargs), Connection.close)


def limits(url: URL, timeout: int) -> dict[str, Any]:
    """Return the arguments of a connection. The server gives up first and reports its error."""
    milliseconds = timeout * 800
    ours = {
        "connect_timeout": max(2, timeout),  # libpq treats 1 as 2
        "tcp_user_timeout": timeout * 1000,
        "keepalives_idle": timeout,
        "keepalives_interval": 1,
        "keepalives_count": 3,
    }
    ours = {name: value for name, value in ours.items() if name not in url.query}
    # The URL's options come last: PostgreSQL uses the last value of an option.
    flags = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
    return ours | {"options": " ".join((flags, *url.normalized_query.get("options", ())))}
