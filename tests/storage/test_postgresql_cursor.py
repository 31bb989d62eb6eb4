"""The cursor of PostgreSQL: it prepares statements at once, and never changes a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Conflict, StorageError
from oauthprov.storage.sql.postgresql import Cursor
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.samples import NOW

Run = Callable[[Callable[[Cursor], Any]], Any]


@pytest.fixture
def storage(postgresql_url: str) -> Iterator[Any]:
    """A storage with one connection to read and to commit single statements."""
    storage = open_storage(postgresql_url, {"pool_size": "1"})
    storage.upgrade()
    yield storage
    storage.close()


@pytest.fixture
def run(storage: Any) -> Run:
    return lambda work: storage.engines.reader.run(lambda held: work(held.cursor))


def prepared(cursor: Cursor) -> list[str]:
    cursor.execute("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time")
    return [statement for (statement,) in cursor.fetchall()]


def rows(cursor: Cursor, sql: str, *values: object) -> Any:
    cursor.execute(sql, values)
    return cursor.fetchall()


def test_a_statement_is_prepared_by_its_first_run(run: Run) -> None:
    sql = "SELECT %s::BIGINT + 1, 'a%%b'"

    def twice(cursor: Cursor) -> None:
        for number in (1, 2):
            assert rows(cursor, sql, number) == [(number + 1, "a%b")]
        assert prepared(cursor).count("SELECT $1::BIGINT + 1, 'a%b'") == 1

    run(twice)


def test_values_come_back_as_psycopg_returns_them(run: Run, storage: Any) -> None:
    sql = "SELECT %s::BIGINT, %s::BOOLEAN, %s::VARCHAR, %s::VARCHAR, %s::INTEGER, %s::BOOLEAN"
    values = (2**62, True, "ä€😀 '\\%s", None, -7, False)
    assert run(lambda cursor: rows(cursor, sql, *values)) == [values]
    ours = storage.engines.reader.run(lambda held: held.connection.execute(sql, values).fetchall())
    assert ours == [values]


def test_a_text_with_nul_is_refused_and_not_cut(run: Run) -> None:
    with pytest.raises(StorageError):
        run(lambda cursor: rows(cursor, "SELECT %s::VARCHAR", "a\0b"))


def test_a_statement_whose_first_run_fails_runs_again(storage: Any) -> None:
    client = samples.client()
    other = samples.account()
    storage.commit(Add(client), Add(other), now=NOW)
    fresh = open_storage(storage.engines.reader.engine.url.render_as_string(False))
    for _ in range(3):
        with pytest.raises(Conflict, match="exists"):
            fresh.commit(Add(client), now=NOW)
        with pytest.raises(Conflict, match="exists"):
            fresh.commit(Add(other), now=NOW)
    fresh.close()


def test_a_statement_that_cannot_be_prepared_leaves_the_connection_usable(run: Run) -> None:
    def fail_and_go_on(cursor: Cursor) -> None:
        for _ in range(2):
            with pytest.raises(psycopg.errors.UndefinedTable):
                cursor.execute("SELECT 1 FROM no_such_table")
            assert rows(cursor, "SELECT 1") == [(1,)]
        with pytest.raises(psycopg.errors.DivisionByZero):
            cursor.execute("SELECT 1 / %s::INTEGER", (0,))
        assert rows(cursor, "SELECT 1 / %s::INTEGER", 1) == [(1,)]

    run(fail_and_go_on)


def test_rowcount_is_the_number_of_rows_changed_or_found(run: Run) -> None:
    def count(cursor: Cursor) -> list[int]:
        counts = []
        for sql in (
            "CREATE TEMPORARY TABLE counted (number INTEGER)",
            "INSERT INTO counted VALUES (1), (2)",
            "UPDATE counted SET number = 3",
            "SELECT 1 FROM counted",
            "DELETE FROM counted WHERE number = 4",
        ):
            cursor.execute(sql)
            counts.append(cursor.rowcount)
        cursor.execute("DROP TABLE counted")
        return counts

    assert run(count) == [0, 2, 2, 2, 0]
