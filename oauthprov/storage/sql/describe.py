"""Facts for the operator: engine, version, durability."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from oauthprov.storage.sql import schema
from oauthprov.storage.sql.engines import Engines
from oauthprov.storage.sql.pool import Held
from oauthprov.storage.sql.tables import REVISION

QUERIES: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "version": "SELECT sqlite_version()",
        "journal_mode": "PRAGMA journal_mode",
        "synchronous": "PRAGMA synchronous",
    },
    "postgresql": {
        "version": "SHOW server_version",
        "synchronous_commit": "SHOW synchronous_commit",
        "fsync": "SHOW fsync",
        "statement_timeout": "SHOW statement_timeout",
    },
    "mariadb": {
        "version": "SELECT version()",
        "innodb_flush_log_at_trx_commit": "SELECT @@innodb_flush_log_at_trx_commit",
        "sync_binlog": "SELECT @@sync_binlog",
    },
}
SYNCHRONOUS = ("off", "normal", "full", "extra")
"""SQLite's names for its numeric settings."""


DURABLE = "every commit survives a power cut"


def describe(engines: Engines) -> Mapping[str, str]:
    """Return engine, version, schema revision and durability, in words."""
    facts = engines.reader.run(partial(_facts, engines.family))
    return {
        "engine": engines.family,
        **facts,
        "schema": schema.revision(engines) or "none",
        "schema_of_this_version": REVISION,
        "durability": _durability(engines, facts),
    }


def warnings(engines: Engines) -> tuple[str, ...]:
    """Return warnings about the database's settings, for the operator."""
    facts = engines.reader.run(partial(_facts, engines.family))
    durability = _durability(engines, facts)
    return () if durability == DURABLE else (f"durability is {durability}",)


def _facts(family: str, held: Held) -> dict[str, str]:
    facts = {}
    for name, query in QUERIES[family].items():
        held.cursor.execute(query)
        [row] = held.cursor.fetchall()
        facts[name] = str(row[0])
    if family == "sqlite":
        facts["synchronous"] = SYNCHRONOUS[int(facts["synchronous"])]
    return facts


def _durability(engines: Engines, facts: Mapping[str, str]) -> str:
    if engines.in_memory:
        return "none: the database is gone when the process ends"
    safe = {
        "sqlite": facts.get("synchronous") in ("full", "extra"),
        "postgresql": facts.get("fsync") == "on" and facts.get("synchronous_commit") != "off",
        "mariadb": facts.get("innodb_flush_log_at_trx_commit") == "1",
    }[engines.family]
    return DURABLE if safe else "limited: a power cut may lose the last commits"
