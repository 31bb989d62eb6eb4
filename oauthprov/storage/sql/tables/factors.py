"""The tables of the kinds in ``records/factors.py``."""

from __future__ import annotations

from sqlalchemy import Index, Table

from oauthprov.storage.sql.tables.columns import (
    ENGINE,
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

totps = Table(
    "totps",
    metadata,
    key("account_id"),
    required("sealed", TEXT),
    required("created_at", TIME),
    required("counter", TIME),
    optional("last_used_at", TIME),
    *bookkeeping(),
    **ENGINE,
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    key("account_id"),
    required("codes", JSON),
    required("created_at", TIME),
    *bookkeeping(),
    **ENGINE,
)

pending_sign_ins = Table(
    "pending_sign_ins",
    metadata,
    key("key"),
    required("account_id", KEY),
    required("epoch", TIME),
    required("amr", JSON),
    required("created_at", TIME),
    required("expires_at", TIME),
    required("attempts", TIME),
    *bookkeeping(),
    Index("pending_sign_ins_by_expiry", "expires_at"),
    **ENGINE,
)
