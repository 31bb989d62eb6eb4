"""The tables of the kinds in ``records/people.py``."""

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

accounts = Table(
    "accounts",
    metadata,
    key("account_id"),
    required("name", TEXT),
    required("created_at", TIME),
    optional("password_hash", TEXT),
    required("developer", FLAG),
    optional("disabled_at", TIME),
    optional("claims", TEXT),
    required("epoch", TIME),
    required("factors", JSON),
    optional("remove_at", TIME),
    required("groups", JSON),
    required("admin", FLAG),
    *bookkeeping(),
    **ENGINE,
)

account_removals = Table(
    "account_removals",
    metadata,
    key("account_id"),
    required("queue", KEY),
    required("due_at", TIME),
    *bookkeeping(),
    Index("account_removals_by_queue", "queue", "account_id"),
    **ENGINE,
)

email_verifications = Table(
    "email_verifications",
    metadata,
    key("key"),
    required("account_id", KEY),
    required("email", TEXT),
    required("created_at", TIME),
    required("expires_at", TIME),
    *bookkeeping(),
    Index("email_verifications_by_account_id", "account_id", "key"),
    Index("email_verifications_by_expiry", "expires_at"),
    **ENGINE,
)

confirmed_addresses = Table(
    "confirmed_addresses",
    metadata,
    key("key"),
    required("account_id", KEY),
    required("address", KEY),
    *bookkeeping(),
    Index("confirmed_addresses_by_address", "address", "key"),
    **ENGINE,
)

password_resets = Table(
    "password_resets",
    metadata,
    key("key"),
    required("account_id", KEY),
    required("email", TEXT),
    required("epoch", TIME),
    required("created_at", TIME),
    required("expires_at", TIME),
    *bookkeeping(),
    Index("password_resets_by_expiry", "expires_at"),
    **ENGINE,
)

logins = Table(
    "logins",
    metadata,
    key("key"),
    required("account_id", KEY),
    *bookkeeping(),
    **ENGINE,
)

sessions = Table(
    "sessions",
    metadata,
    key("key"),
    required("account_id", KEY),
    required("created_at", TIME),
    required("last_seen_at", TIME),
    required("auth_time", TIME),
    required("expires_at", TIME),
    required("amr", JSON),
    required("address", TEXT),
    required("user_agent", TEXT),
    optional("sid", TEXT),
    required("epoch", TIME),
    *bookkeeping(),
    Index("sessions_by_account_id", "account_id", "key"),
    Index("sessions_by_expiry", "expires_at"),
    **ENGINE,
)

consents = Table(
    "consents",
    metadata,
    key("key"),
    required("account_id", KEY),
    required("client_id", KEY),
    required("scopes", JSON),
    required("resources", JSON),
    required("created_at", TIME),
    required("updated_at", TIME),
    required("epoch", TIME),
    optional("withdrawn_at", TIME),
    *bookkeeping(),
    Index("consents_by_account_id", "account_id", "key"),
    Index("consents_by_client_id", "client_id", "key"),
    **ENGINE,
)
