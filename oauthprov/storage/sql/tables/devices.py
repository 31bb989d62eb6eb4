"""The tables of the kinds in ``records/devices.py``."""

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

device_grants = Table(
    "device_grants",
    metadata,
    key("key"),
    required("client_id", KEY),
    required("scopes", JSON),
    required("resources", JSON),
    required("address", TEXT),
    required("created_at", TIME),
    required("expires_at", TIME),
    required("interval", TIME),
    optional("polled_at", TIME),
    optional("decided_at", TIME),
    required("allowed", FLAG),
    optional("account_id", KEY),
    optional("auth_time", TIME),
    required("amr", JSON),
    optional("acr", TEXT),
    required("account_epoch", TIME),
    required("consent_epoch", TIME),
    *bookkeeping(),
    Index("device_grants_by_expiry", "expires_at"),
    **ENGINE,
)

user_codes = Table(
    "user_codes",
    metadata,
    key("key"),
    required("device_grant", KEY),
    required("expires_at", TIME),
    *bookkeeping(),
    Index("user_codes_by_expiry", "expires_at"),
    **ENGINE,
)
