"""The table of the kind in ``records/passkeys.py``."""

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

passkeys = Table(
    "passkeys",
    metadata,
    key("key"),
    required("account_id", KEY),
    required("credential_id", TEXT),
    required("public_key", TEXT),
    required("sign_count", TIME),
    required("name", TEXT),
    required("created_at", TIME),
    required("transports", JSON),
    required("aaguid", TEXT),
    required("backup_eligible", FLAG),
    required("backed_up", FLAG),
    optional("last_used_at", TIME),
    optional("copied_at", TIME),
    *bookkeeping(),
    Index("passkeys_by_account_id", "account_id", "key"),
    **ENGINE,
)
