"""The tables of the kinds in ``records/server.py``."""

from __future__ import annotations

from sqlalchemy import Index, Table

from oauthprov.storage.sql.tables.columns import (
    ENGINE,
    FLAG,
    JSON,
    KEY,
    TEXT,
    TIME,
    bookkeeping,
    key,
    metadata,
    optional,
    required,
)

interactions = Table(
    "interactions",
    metadata,
    key("key"),
    required("purpose", TEXT),
    required("client_id", KEY),
    optional("browser", KEY),
    required("params", JSON),
    required("created_at", TIME),
    required("expires_at", TIME),
    optional("session_key", KEY),
    optional("auth_time", TIME),
    optional("chosen", KEY),
    *bookkeeping(),
    Index("interactions_by_expiry", "expires_at"),
    **ENGINE,
)

signing_keys = Table(
    "signing_keys",
    metadata,
    key("key"),
    required("kid", TEXT),
    required("alg", TEXT),
    required("public", TEXT),
    required("sealed", TEXT),
    required("created_at", TIME),
    required("signs_from", TIME),
    optional("retires_at", TIME),
    optional("published_until", TIME),
    *bookkeeping(),
    **ENGINE,
)

logout_deliveries = Table(
    "logout_deliveries",
    metadata,
    key("key"),
    required("queue", KEY),
    required("client_id", KEY),
    required("subject", KEY),
    required("sid", KEY),
    required("due_at", TIME),
    required("expires_at", TIME),
    required("attempts", TIME),
    optional("account_id", TEXT),
    *bookkeeping(),
    Index("logout_deliveries_by_queue", "queue", "key"),
    Index("logout_deliveries_by_expiry", "expires_at"),
    **ENGINE,
)

seen = Table(
    "seen",
    metadata,
    key("key"),
    required("expires_at", TIME),
    *bookkeeping(),
    Index("seen_by_expiry", "expires_at"),
    **ENGINE,
)

ended_sessions = Table(
    "ended_sessions",
    metadata,
    key("key"),
    required("expires_at", TIME),
    *bookkeeping(),
    Index("ended_sessions_by_expiry", "expires_at"),
    **ENGINE,
)

sweeps = Table(
    "sweeps",
    metadata,
    key("key"),
    required("queue", KEY),
    required("account_id", KEY),
    required("created_at", TIME),
    required("due_at", TIME),
    required("expires_at", TIME),
    optional("epoch", TIME),
    required("session_keys", JSON),
    optional("client_id", KEY),
    required("everything", FLAG),
    *bookkeeping(),
    Index("sweeps_by_queue", "queue", "key"),
    Index("sweeps_by_expiry", "expires_at"),
    **ENGINE,
)

transfers = Table(
    "transfers",
    metadata,
    key("key"),
    required("source", TEXT),
    required("began_at", TIME),
    optional("copied_at", TIME),
    *bookkeeping(),
    **ENGINE,
)
