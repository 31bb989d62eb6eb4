"""Facts for an operator: which engine, which version, what survives a power cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthprov.storage.sql import schema
from oauthprov.storage.sql.engines import Engines

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
    },
    "mariadb": {
        "version": "SELECT version()",
        "innodb_flush_log_at_trx_commit": "SELECT @@innodb_flush_log_at_trx_commit",
        "sync_binlog": "SELECT @@sync_binlog",
    },
}
SYNCHRONOUS = ("off", "normal", "full", "extra")
"""SQLite's names of its numbers."""


def describe(engines: Engines) -> Mapping[str, str]:
    """Return engine, version, schema revision and durability, in words."""

    def ask(connection: Any) -> dict[str, str]:
        answers = {}
        for name, query in QUERIES[engines.family].items():
            cursor = connection.cursor()
            cursor.execute(query)
            answers[name] = str(cursor.fetchone()[0])
            cursor.close()
        return answers

    facts = engines.reader.run(ask)
    if engines.family == "sqlite":
        facts["synchronous"] = SYNCHRONOUS[int(facts["synchronous"])]
    return {
        "engine": engines.family,
        **facts,
        "schema": schema.revision(engines) or "none",
        "durability": _durability(engines, facts),
    }


def _durability(engines: Engines, facts: Mapping[str, str]) -> str:
    if engines.in_memory:
        return "none: the database is gone when the process ends"
    safe = {
        "sqlite": facts.get("synchronous") in ("full", "extra"),
        "postgresql": facts.get("fsync") == "on" and facts.get("synchronous_commit") != "off",
        "mariadb": facts.get("innodb_flush_log_at_trx_commit") == "1",
    }[engines.family]
    return "every commit survives a power cut" if safe else "a power cut may lose the last commits"
