"""The tables match the records, and the migrations the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Boolean, NullPool, create_engine, text

from oauthprov.records import KINDS, Client, Grant, Record
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Storage, StorageError, UpgradeNeeded
from oauthprov.storage.sql.migrations.run import configuration
from oauthprov.storage.sql.tables import JSON, KEY, REVISION, TABLES, TEXT, VERSION_TABLE, metadata
from tests.storage.sql import drop_tables, migrated_to
from tests.storage.test_sql_urls import output, run


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_has_a_column_for_each_field(kind: type[Record]) -> None:
    assert kind in TABLES, (
        f"declare the table of {kind.__name__} in oauthprov/storage/sql/tables, in the module"
        " that is named as the record's, and name it in TABLES"
    )
    table = TABLES[kind]
    bookkeeping = ["version", "claimed_at"] + (["revoked_at"] if kind is Grant else [])
    fields = [field.name for field in kind.shape.fields]
    assert list(table.columns.keys()) == fields + bookkeeping, (
        f"give the table {table.name} in oauthprov/storage/sql/tables a column for each field of"
        f" {kind.__name__}, in this order, and add a migration"
    )
    assert [column.name for column in table.primary_key] == [kind.shape.key]
    for name, hint in get_type_hints(kind).items():
        if name == "shape":
            continue
        options = (hint,) if get_origin(hint) is tuple else get_args(hint) or (hint,)
        assert table.c[name].nullable == (NoneType in options), (
            f"{table.name}.{name}: optional() for a field that may be None, else required()"
        )
        [plain] = [option for option in options if option is not NoneType]
        if get_origin(hint) is tuple:
            assert table.c[name].type is JSON, f"{table.name}.{name}: a tuple is JSON"
        elif plain in (int, bool):
            right = BigInteger if plain is int else Boolean
            assert isinstance(table.c[name].type, right), (
                f"{table.name}.{name}: an int is TIME or BigInteger, a bool is FLAG"
            )
        else:
            assert table.c[name].type in (KEY, TEXT), f"{table.name}.{name}: a str is KEY or TEXT"


@pytest.mark.parametrize("kind", KINDS)
def test_every_searched_column_is_indexed(kind: type[Record]) -> None:
    indexed = {tuple(index.columns.keys()) for index in TABLES[kind].indexes}
    wanted = {(name, kind.shape.key) for name in kind.shape.indexes}
    assert indexed == wanted | ({("expires_at",)} if kind.shape.expires else set()), (
        f"give the table {TABLES[kind].name} an Index for each index of {kind.__name__}, by the"
        " field and then the key, and one by expires_at if it has that; add a migration"
    )
    assert all(TABLES[kind].c[name].type is KEY for name in kind.shape.indexes), (
        f"the indexed columns of {TABLES[kind].name} are KEY"
    )


def test_the_revision_is_the_newest_migration() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert scripts.get_heads() == [REVISION], (
        "set REVISION in oauthprov/storage/sql/tables/__init__.py to the newest migration, whose"
        " down_revision is the one before"
    )
    assert len(KINDS) == len(TABLES) == len(metadata.tables), (
        "name a new kind in KINDS (oauthprov/records) and its table in TABLES"
        " (oauthprov/storage/sql/tables)"
    )


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.sqlite"
    url = str(request.getfixturevalue(f"{request.param}_url"))
    drop_tables(url)
    return url


@pytest.fixture
def storage(bare_url: str) -> Iterator[Storage]:
    storage = open_storage(bare_url)
    yield storage
    storage.close()


def test_a_migrated_schema_is_that_of_the_tables(storage: Storage, bare_url: str) -> None:
    storage.upgrade()
    with create_engine(bare_url, poolclass=NullPool).connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == [], (
            "these changes bring a migrated database to the tables: put them into a migration, the"
            " newest of oauthprov/storage/sql/migrations/versions if no release has it yet"
        )
        migrated = described(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert described(connection) == migrated, (
            "a migration makes a column or an index otherwise than the table says: correct it"
        )


def test_first_party_clients_with_a_secret_keep_the_right_to_introspect(
    storage: Storage, bare_url: str
) -> None:
    migrated_to(bare_url, "0009")
    insert = text(
        "INSERT INTO clients (client_id, name, client_type, created_at, redirect_uris,"
        " grant_types, auth_method, secrets, scopes, default_scopes, first_party, version)"
        " VALUES (:id, 'x', 'web', 1, '[]', '[]', :method, '[]', '[]', '[]', :first_party, 1)"
    )
    rows = {
        "ours": ("client_secret_basic", True, ("*",)),
        "signing": ("private_key_jwt", True, ("*",)),
        "public": ("none", True, ()),
        "theirs": ("client_secret_basic", False, ()),
    }
    with create_engine(bare_url, poolclass=NullPool).begin() as connection:
        for client_id, (method, first_party, _) in rows.items():
            values = {"id": client_id, "method": method, "first_party": first_party}
            connection.execute(insert, values)
    storage.upgrade()
    for client_id, (_, first_party, introspects) in rows.items():
        stored = storage.get(Client, client_id)
        assert stored is not None
        assert (stored.record.first_party, stored.record.introspects) == (first_party, introspects)


def test_the_previous_version_can_still_add_clients(storage: Storage, bare_url: str) -> None:
    storage.upgrade()
    insert = text(
        "INSERT INTO clients (client_id, name, client_type, created_at, redirect_uris,"
        " grant_types, auth_method, secrets, scopes, default_scopes, first_party, version)"
        " VALUES ('app', 'Printer', 'web', 1, '[]', '[]', 'none', '[]', '[]', '[]', FALSE, 1)"
    )
    with create_engine(bare_url, poolclass=NullPool).begin() as connection:
        connection.execute(insert)
    stored = storage.get(Client, "app")
    assert stored is not None
    assert stored.record == Client("app", "Printer", "web", 1)


def described(connection: sqlalchemy.Connection) -> dict[str, Any]:
    """What the engine itself says of keys, columns and collations.

    The order of columns is left out: those that a migration adds come last.
    """
    inspector = sqlalchemy.inspect(connection)
    described = {}
    for name in sorted(TABLES[kind].name for kind in KINDS):
        columns = sorted(
            (
                column["name"],
                str(column["type"]),
                getattr(column["type"], "collation", None),
                column["nullable"],
            )
            for column in inspector.get_columns(name)
        )
        indexes = sorted(
            (index["name"], index["column_names"]) for index in inspector.get_indexes(name)
        )
        key = inspector.get_pk_constraint(name)["constrained_columns"]
        described[name] = (columns, indexes, key)
    return described


def test_memory_and_file_have_the_same_tables(tmp_path: Path) -> None:
    def schema(storage: Any) -> dict[str, Any]:
        storage.upgrade()
        with storage.engines.patient.connect() as connection:
            return described(connection)

    file, memory = open_storage(f"sqlite:///{tmp_path}/file"), open_storage("sqlite://")
    assert schema(file) == schema(memory)
    file.close()


def test_a_bare_database_is_an_error_that_names_the_command_to_run(storage: Storage) -> None:
    with pytest.raises(UpgradeNeeded, match=r"run: oauthprov storage upgrade YOUR\.ini"):
        storage.ping()
    assert storage.describe()["schema"] == "none"
    storage.upgrade()
    storage.ping()
    assert storage.describe()["schema"] == REVISION


def test_an_older_schema_is_refused_and_a_newer_one_served(
    storage: Storage, bare_url: str
) -> None:
    storage.upgrade()
    engine = create_engine(bare_url, poolclass=NullPool)
    for stored, upgrade_needed in (("0000", True), ("9999", False)):
        with engine.begin() as connection:
            update = text(f"UPDATE {VERSION_TABLE} SET version_num = :stored")  # noqa: S608
            connection.execute(update, {"stored": stored})
        if upgrade_needed:
            with pytest.raises(UpgradeNeeded, match="is at revision 0000"):
                storage.ping()
            with pytest.raises(StorageError, match="the database can't be migrated"):
                storage.upgrade()
        else:
            storage.upgrade()
            storage.ping()
    metadata.drop_all(engine)
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))


def test_processes_may_upgrade_at_once(storage: Storage, bare_url: str) -> None:
    program = (
        "import sys; from oauthprov.storage import open_storage;"
        "storage = open_storage(sys.argv[1]); storage.upgrade(); storage.ping(); storage.close()"
    )
    assert [output(process) for process in [run(program, bare_url) for _ in range(3)]] == [""] * 3
    storage.ping()


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_an_upgrade_waits_for_a_lock_longer_than_a_request_would(
    tmp_path: Path, journal: str, begin: str
) -> None:
    path = tmp_path / "new.sqlite"
    storage = open_storage(f"sqlite:///{path}", {"timeout": "1"})
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as rival,
        ThreadPoolExecutor(1) as threads,
    ):
        rival.execute(f"PRAGMA journal_mode = {journal}")
        rival.execute(begin)
        upgrading = threads.submit(storage.upgrade)
        assert wait([upgrading], 2).not_done
        rival.execute("ROLLBACK")
        upgrading.result()
    storage.ping()
    storage.close()
