"""An upgrade is killed, runs beside another, or waits for somebody else's long transaction."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, text

from oauthprov.records import Client
from oauthprov.storage import open_storage
from oauthprov.storage.sql.tables import VERSION_TABLE, metadata
from tests.servers.run import until
from tests.storage.test_sql_urls import output, run
from tests.upgrades import first
from tests.upgrades.first import Left

UPGRADE = """\
import sys
from oauthprov.storage import open_storage
storage = open_storage(sys.argv[1])
storage.upgrade()
storage.ping()
storage.close()
"""
KILLED = """\
import os, signal, sys
from sqlalchemy import Engine, event
from oauthprov.storage.interface import Storage
left = int(sys.argv[2])
def one_less(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
def executed(connection, cursor, statement, *_):
    if statement.split()[0] in ("CREATE", "ALTER", "UPDATE", "INSERT"):
        one_less()
event.listen(Engine, "after_cursor_execute", executed)
commit = Storage.commit
Storage.commit = lambda *given, **named: (commit(*given, **named), one_less())
"""
"""Kills its own process once so many statements, or commits, have been executed."""


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "redis", "redis_cluster"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/early.sqlite"
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def left(url: str) -> Left:
    found = first.left(url)
    first.put(url, found)
    return found


def assert_complete(url: str, left: Left) -> None:
    """Assert that the storage is as if it had been upgraded at once."""
    storage = open_storage(url)
    storage.upgrade()
    storage.ping()
    known = left.held["clients"]["first_party"]["client_id"]
    stored = storage.get(Client, known)
    storage.close()
    assert stored is not None
    assert stored.record.introspects == ("*",)
    if "redis" in url:
        return
    assert first.rows(url, left) == left.stored
    with create_engine(url, poolclass=NullPool).connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_a_killed_upgrade_runs_again(url: str, left: Left) -> None:
    # Some of these are in the middle of a migration, whichever there are.
    for count in (1,) if "redis" in url else (2, 15, 60):
        process = run(KILLED + UPGRADE, url, str(count))
        process.communicate()
        assert process.returncode == -signal.SIGKILL, count
    assert_complete(url, left)


def test_several_upgrades_at_once_are_one(url: str, left: Left) -> None:
    assert [output(process) for process in [run(UPGRADE, url) for _ in range(3)]] == [""] * 3
    assert_complete(url, left)


READ = "SELECT name FROM accounts"
WAITS = {
    "postgresql": "SELECT count(*) FROM pg_locks WHERE NOT granted",
    "mariadb": "SELECT count(*) FROM information_schema.processlist"
    " WHERE state = 'Waiting for table metadata lock' AND db = DATABASE()",
}
"""Counts what waits for a lock of a table."""
IMPATIENT = {
    "postgresql": "SET statement_timeout = '30s'",
    "mariadb": "SET SESSION lock_wait_timeout = 30",
}


@pytest.mark.parametrize("url", sorted(WAITS), indirect=True)
def test_who_reads_does_not_wait_for_an_upgrade_that_waits_for_a_long_transaction(
    url: str, left: Left
) -> None:
    """As a dump of the database is: it holds a lock of each table until its end."""
    engine = create_engine(url, poolclass=NullPool)
    family = "postgresql" if "postgresql" in url else "mariadb"
    with ThreadPoolExecutor(1) as threads, engine.connect() as reader:
        reader.execute(text(IMPATIENT[family]))
        reader.commit()
        with engine.begin() as dump:
            names = sorted(dump.scalars(text(READ)))
            storage = open_storage(url)
            upgrading = threads.submit(storage.upgrade)
            until(lambda: expect(reader, WAITS[family]))
            for _ in range(3):
                with reader.begin():
                    assert sorted(reader.scalars(text(READ))) == names
            assert not upgrading.done()
        upgrading.result()
        storage.close()
    assert_complete(url, left)


def expect(connection: sqlalchemy.Connection, count: str) -> None:
    found = connection.scalar(text(count))
    connection.rollback()
    if not found:
        raise RuntimeError("nothing waits")
