"""Every migration only expands the schema: docs/decisions/0035-upgrades.md."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from tests.storage.sql import drop_tables, migrated_to
from tests.upgrades.conftest import REVISIONS
from tests.upgrades.expanding import faults


@contextmanager
def noted() -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    found: list[str] = []

    def note(connection: Connection, cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def instantly() -> Iterator[None]:
    """MariaDB refuses a change of a table that it can't make at once."""

    def demand(
        connection: Connection, cursor: object, statement: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        if statement.startswith("ALTER TABLE") and connection.dialect.name in ("mysql", "mariadb"):
            statement += ", ALGORITHM=INSTANT"
        return statement, parameters

    event.listen(Engine, "before_cursor_execute", demand, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", demand)


def files(url: str) -> dict[str, int]:
    """PostgreSQL's file of each table and index: another one means that it was rewritten."""
    select = (
        "SELECT relname, relfilenode FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE n.nspname = 'public' AND relkind IN ('r', 'i')"
    )
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return {name: int(file) for name, file in connection.execute(text(select))}


def test_no_migration_changes_what_the_version_before_uses_or_walks_a_table(
    postgresql_url: str,
) -> None:
    drop_tables(postgresql_url)
    before: dict[str, int] = {}
    for revision in REVISIONS:
        with noted() as statements:
            migrated_to(postgresql_url, revision)
        own = [one for one in statements if "pg_catalog" not in one and "select " not in one]
        assert [one for one in own if "CREATE TABLE" in one or "ALTER TABLE" in one], revision
        assert list(faults(revision, own)) == [], revision
        after = files(postgresql_url)
        assert before.items() <= after.items(), f"{revision} rewrites a table"
        before = after


def test_mariadb_makes_every_change_of_a_table_at_once(mariadb_url: str) -> None:
    drop_tables(mariadb_url)
    for revision in REVISIONS:
        with instantly():
            migrated_to(mariadb_url, revision)
    engine = create_engine(mariadb_url, poolclass=NullPool)
    slow = text("ALTER TABLE accounts MODIFY name VARCHAR(9)")
    refused = pytest.raises(DBAPIError, match="ALGORITHM=INSTANT is not supported")
    with instantly(), engine.connect() as connection, refused:
        connection.execute(slow)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER TABLE clients DROP COLUMN name", "doesn't know"),
        ("ALTER TABLE clients RENAME COLUMN name TO title", "doesn't know"),
        ("ALTER TABLE clients RENAME TO apps", "doesn't know"),
        ("ALTER TABLE clients ALTER COLUMN name TYPE VARCHAR(9)", "doesn't know"),
        ("ALTER TABLE clients ALTER COLUMN name SET NOT NULL", "doesn't know"),
        ("DROP TABLE clients", "doesn't know"),
        ("DROP INDEX clients_by_owner", "doesn't know"),
        ("DELETE FROM clients", "doesn't know"),
        ("ALTER TABLE clients ADD COLUMN tier TEXT NOT NULL", "can't add rows"),
        ("ALTER TABLE clients ADD COLUMN at BIGINT DEFAULT now() NOT NULL", "isn't a constant"),
        ("ALTER TABLE clients ADD COLUMN tier TEXT UNIQUE", "constraint"),
        ("ALTER TABLE clients ADD COLUMN tier TEXT REFERENCES tiers (tier)", "constraint"),
        ("CREATE INDEX clients_by_name ON clients (name)", "under a lock"),
        ("UPDATE clients SET name = 'x'", "millions"),
        ("INSERT INTO clients SELECT * FROM apps", "millions"),
    ],
)
def test_the_rule_refuses(statement: str, why: str) -> None:
    [found] = faults("9999", [statement])
    assert why in found


def test_the_rule_allows_what_expands() -> None:
    statements = [
        "CREATE TABLE tiers ( tier TEXT NOT NULL )",
        "CREATE INDEX tiers_by_tier ON tiers (tier)",
        "ALTER TABLE clients ADD COLUMN tier TEXT",
        "ALTER TABLE clients ADD COLUMN tiers TEXT DEFAULT '[]' NOT NULL",
        "ALTER TABLE clients ADD COLUMN rank BIGINT DEFAULT 0 NOT NULL",
        "UPDATE oauthprov_version SET version_num='9999'",
    ]
    assert list(faults("9999", statements)) == []
