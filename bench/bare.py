"""The same work on the bare driver, with the statements that one would write by hand.

No pool, no records, no distinction of errors, one connection: the cost of the contract is the time
that it takes in addition.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import make_url

NOW = 1_800_000_000
INSERTS = {
    "grants": "grant_id client_id account_id scopes resources created_at last_used_at expires_at"
    " amr version",
    "authorization_codes": "key client_id account_id redirect_uri code_challenge scopes resources"
    " issued_at expires_at amr version",
    "access_tokens": "key grant_id client_id account_id scopes resources issued_at expires_at"
    " version",
    "refresh_tokens": "key grant_id client_id scopes resources issued_at expires_at version",
    "receipts": "key grant_id client_id successor sealed expires_at version",
}


class Bare:
    """Flows on one driver connection; ``mark`` is its placeholder and ``quote`` its quotes."""

    def __init__(self, connection: Any, mark: str, quote: str, begin: str) -> None:
        self.connection = connection
        self.begin = begin
        self.mark, self.key = mark, f"{quote}key{quote}"
        self.inserts = {
            table: f"INSERT INTO {table} ({names.replace('key', self.key, 1).replace(' ', ', ')})"  # noqa: S608
            f" VALUES ({', '.join([mark] * len(names.split()))})"
            for table, names in INSERTS.items()
        }

    def close(self) -> None:
        self.connection.close()

    def run(self, sql: str, *values: object) -> Any:
        cursor = self.connection.cursor()
        cursor.execute(sql, values)
        return cursor

    def insert(self, table: str, *values: object) -> None:
        self.run(self.inserts[table], *values, 1)

    def client(self) -> object:
        select = f"SELECT * FROM clients WHERE client_id = {self.mark}"  # noqa: S608
        return self.run(select, "bench").fetchone()

    def select(self, table: str, key: str) -> object:
        joined = f"SELECT * FROM {table} LEFT JOIN grants ON grants.grant_id = {table}.grant_id"  # noqa: S608
        plain = f"SELECT * FROM {table}"  # noqa: S608
        query = plain if table == "authorization_codes" else joined
        return self.run(f"{query} WHERE {table}.{self.key} = {self.mark}", key).fetchone()

    def claim(self, table: str, key: str) -> None:
        update = (
            f"UPDATE {table} SET claimed_at = {self.mark} WHERE {self.key} = {self.mark}"  # noqa: S608
            f" AND claimed_at IS NULL AND expires_at > {self.mark}"
        )
        assert self.run(update, NOW, key, NOW).rowcount == 1  # noqa: S101

    def add_grant(self, slot: str) -> None:
        self.insert("grants", slot, "bench", "alice", "[]", "[]", NOW, NOW, NOW + 9000, "[]")

    def add_access(self, slot: str, key: str) -> None:
        self.insert("access_tokens", key, slot, "bench", "alice", "[]", "[]", NOW, NOW + 600)

    def add_refresh(self, slot: str, key: str) -> None:
        self.insert("refresh_tokens", key, slot, "bench", "[]", "[]", NOW, NOW + 9000)

    def client_credentials(self) -> Iterator[None]:
        slot, key = keys()
        yield
        self.client()
        self.add_access(slot, key)

    def introspection(self) -> Iterator[None]:
        slot, key = keys()
        self.add_grant(slot)
        self.add_access(slot, key)
        yield
        self.client()
        self.select("access_tokens", key)

    def code_exchange(self) -> Iterator[None]:
        slot, key = keys()
        uri = "https://client.example/callback"
        row = (key, "bench", "alice", uri, "challenge", "[]", "[]", NOW, NOW + 60, "[]")
        self.insert("authorization_codes", *row)
        yield
        self.client()
        self.select("authorization_codes", key)
        self.run(self.begin)
        self.claim("authorization_codes", key)
        self.add_grant(slot)
        self.add_access(slot, key)
        self.add_refresh(slot, key)
        self.run("COMMIT")

    def refresh(self) -> Iterator[None]:
        slot, key = keys()
        successor = f"{slot}.{secrets.token_urlsafe(32)}"
        self.add_grant(slot)
        self.add_refresh(slot, key)
        yield
        self.client()
        self.select("refresh_tokens", key)
        self.run(self.begin)
        self.claim("refresh_tokens", key)
        self.add_refresh(slot, successor)
        self.add_access(slot, successor)
        self.insert("receipts", key, slot, "bench", successor, "s" * 400, NOW + 10)
        self.run("COMMIT")


def keys() -> tuple[str, str]:
    """Return a new grant id, and a key in its slot."""
    slot = secrets.token_urlsafe(16)
    return slot, f"{slot}.{secrets.token_urlsafe(32)}"


def bare(url: str, options: Mapping[str, str]) -> Bare | None:
    """Connect the driver of an SQL database to ``url``; None for any other storage."""
    if not url.startswith(("sqlite:", "postgresql", "mysql", "mariadb")):
        return None
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        connection = sqlite3.connect(address.database or ":memory:", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {options.get('synchronous', 'full')}")
        return Bare(connection, "?", '"', "BEGIN IMMEDIATE")
    where = {"host": address.host, "port": address.port, "user": address.username}
    if address.get_backend_name() == "postgresql":
        import psycopg

        where |= {"dbname": address.database, "password": address.password}
        return Bare(psycopg.connect(**where, autocommit=True), "%s", '"', "BEGIN")
    import pymysql

    where |= {"database": address.database, "password": address.password or ""}
    return Bare(pymysql.connect(**where, autocommit=True), "%s", "`", "BEGIN")
