"""The table of the kind in ``records/audit.py``."""

from __future__ import annotations

from sqlalchemy import Index, Table

from oauthprov.storage.sql.tables.columns import (
    ENGINE,
    KEY,
    TEXT,
    TIME,
    bookkeeping,
    key,
    metadata,
    optional,
    required,
)

audit_entries = Table(
    "audit_entries",
    metadata,
    key("key"),
    required("event", TEXT),
    required("at", TIME),
    required("day", KEY),
    required("expires_at", TIME),
    required("details", TEXT),
    optional("about", KEY),
    optional("account_id", TEXT),
    optional("client_id", TEXT),
    required("address", TEXT),
    optional("actor", TEXT),
    *bookkeeping(),
    Index("audit_entries_by_day", "day", "key"),
    Index("audit_entries_by_about", "about", "key"),
    Index("audit_entries_by_expiry", "expires_at"),
    **ENGINE,
)
