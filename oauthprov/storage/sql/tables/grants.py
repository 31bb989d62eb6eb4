"""The tables of the kinds in ``records/grants.py``."""

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

grants = Table(
    "grants",
    metadata,
    key("grant_id"),
    required("client_id", KEY),
    required("account_id", KEY),
    required("scopes", JSON),
    required("resources", JSON),
    required("created_at", TIME),
    required("last_used_at", TIME),
    required("expires_at", TIME),
    optional("session_key", KEY),
    optional("auth_time", TIME),
    required("amr", JSON),
    optional("acr", TEXT),
    optional("claims", TEXT),
    optional("sid", TEXT),
    required("account_epoch", TIME),
    required("consent_epoch", TIME),
    *bookkeeping(),
    optional("revoked_at", TIME),
    Index("grants_by_account_id", "account_id", "grant_id"),
    Index("grants_by_expiry", "expires_at"),
    **ENGINE,
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    key("key"),
    required("client_id", KEY),
    required("account_id", KEY),
    required("redirect_uri", TEXT),
    required("code_challenge", TEXT),
    required("scopes", JSON),
    required("resources", JSON),
    required("issued_at", TIME),
    required("expires_at", TIME),
    optional("session_key", KEY),
    optional("auth_time", TIME),
    required("amr", JSON),
    optional("acr", TEXT),
    optional("claims", TEXT),
    optional("nonce", TEXT),
    optional("sid", TEXT),
    required("account_epoch", TIME),
    required("consent_epoch", TIME),
    optional("session_ends_at", TIME),
    optional("confirmation", TEXT),
    *bookkeeping(),
    Index("authorization_codes_by_account_id", "account_id", "key"),
    Index("authorization_codes_by_expiry", "expires_at"),
    **ENGINE,
)

pushed_requests = Table(
    "pushed_requests",
    metadata,
    key("key"),
    required("client_id", KEY),
    required("params", JSON),
    required("created_at", TIME),
    required("usable_until", TIME),
    required("expires_at", TIME),
    *bookkeeping(),
    Index("pushed_requests_by_expiry", "expires_at"),
    **ENGINE,
)

access_tokens = Table(
    "access_tokens",
    metadata,
    key("key"),
    optional("grant_id", KEY),
    required("client_id", KEY),
    optional("account_id", KEY),
    required("scopes", JSON),
    required("resources", JSON),
    required("issued_at", TIME),
    required("expires_at", TIME),
    optional("confirmation", TEXT),
    *bookkeeping(),
    Index("access_tokens_by_expiry", "expires_at"),
    **ENGINE,
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    key("key"),
    required("grant_id", KEY),
    required("client_id", KEY),
    required("scopes", JSON),
    required("resources", JSON),
    required("issued_at", TIME),
    required("expires_at", TIME),
    optional("confirmation", TEXT),
    *bookkeeping(),
    Index("refresh_tokens_by_expiry", "expires_at"),
    **ENGINE,
)

receipts = Table(
    "receipts",
    metadata,
    key("key"),
    required("grant_id", KEY),
    required("client_id", KEY),
    required("successor", KEY),
    required("sealed", TEXT),
    required("expires_at", TIME),
    *bookkeeping(),
    Index("receipts_by_expiry", "expires_at"),
    **ENGINE,
)
