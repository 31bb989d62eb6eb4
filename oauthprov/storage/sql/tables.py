"""The tables: one a kind, one column a field, and what storage itself knows of each row.

Keys and indexed values compare byte by byte on every engine: SQLite does by itself, PostgreSQL in
the collation C, MariaDB in VARBINARY. Sets and lists are JSON text. There are no foreign keys: a
record is judged with its grant when it is read, and InnoDB would lock the grant at each insert.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, String, Table, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY
from sqlalchemy.types import TypeEngine

from oauthprov import records
from oauthprov.records import KEY_LIMIT, Record

KEY = (
    String(KEY_LIMIT)
    .with_variant(String(KEY_LIMIT, collation="C"), "postgresql")
    .with_variant(VARBINARY(KEY_LIMIT), "mysql", "mariadb")
)
TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
JSON = TEXT.copy()
TIME = BigInteger()
FLAG = Boolean()

REVISION = "0005"
"""The revision of these tables: the newest in ``migrations/versions``."""
VERSION_TABLE = "oauthprov_version"
"""Where a database keeps its revision; Alembic's own name may be taken by a host's."""

metadata = MetaData()
ENGINE: dict[str, Any] = {"mysql_engine": "InnoDB", "mariadb_engine": "InnoDB"}
"""Commits need transactions, whatever MariaDB's default engine is."""


def key(name: str) -> Column[Any]:
    """The column that identifies a row."""
    return Column(name, KEY, primary_key=True)


def required(name: str, type_: TypeEngine[Any]) -> Column[Any]:
    """A column of a field that every record has."""
    return Column(name, type_, nullable=False)


def optional(name: str, type_: TypeEngine[Any]) -> Column[Any]:
    """A column of a field that may be None."""
    return Column(name, type_, nullable=True)


def bookkeeping() -> tuple[Column[Any], Column[Any]]:
    """What storage knows of a row beside its record: each Replace counts, a Claim marks."""
    return required("version", BigInteger()), optional("claimed_at", TIME)


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
    *bookkeeping(),
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

clients = Table(
    "clients",
    metadata,
    key("client_id"),
    required("name", TEXT),
    required("client_type", TEXT),
    required("created_at", TIME),
    optional("owner", KEY),
    required("redirect_uris", JSON),
    required("grant_types", JSON),
    required("auth_method", TEXT),
    required("secrets", JSON),
    optional("secret_created_at", TIME),
    required("scopes", JSON),
    required("default_scopes", JSON),
    optional("homepage_uri", TEXT),
    required("first_party", FLAG),
    optional("disabled_at", TIME),
    optional("logo_uri", TEXT),
    optional("policy_uri", TEXT),
    optional("tos_uri", TEXT),
    required("contacts", JSON),
    optional("software_id", TEXT),
    optional("software_version", TEXT),
    optional("jwks_uri", TEXT),
    optional("jwks", TEXT),
    optional("registration_token", KEY),
    optional("last_used_at", TIME),
    required("post_logout_redirect_uris", JSON),
    optional("backchannel_logout_uri", TEXT),
    required("backchannel_logout_session_required", FLAG),
    *bookkeeping(),
    Index("clients_by_owner", "owner", "client_id"),
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
    *bookkeeping(),
    Index("consents_by_account_id", "account_id", "key"),
    **ENGINE,
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
    *bookkeeping(),
    Index("authorization_codes_by_account_id", "account_id", "key"),
    Index("authorization_codes_by_expiry", "expires_at"),
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
    *bookkeeping(),
    Index("interactions_by_expiry", "expires_at"),
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
    *bookkeeping(),
    Index("sessions_by_account_id", "account_id", "key"),
    Index("sessions_by_expiry", "expires_at"),
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

seen = Table(
    "seen",
    metadata,
    key("key"),
    required("expires_at", TIME),
    *bookkeeping(),
    Index("seen_by_expiry", "expires_at"),
    **ENGINE,
)

initial_access_tokens = Table(
    "initial_access_tokens",
    metadata,
    key("token_id"),
    required("secret", KEY),
    required("created_at", TIME),
    required("expires_at", TIME),
    optional("uses_left", TIME),
    required("note", TEXT),
    *bookkeeping(),
    Index("initial_access_tokens_by_expiry", "expires_at"),
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
    *bookkeeping(),
    Index("logout_deliveries_by_queue", "queue", "key"),
    Index("logout_deliveries_by_expiry", "expires_at"),
    **ENGINE,
)

TABLES: dict[type[Record], Table] = {
    records.Account: accounts,
    records.Login: logins,
    records.Client: clients,
    records.Consent: consents,
    records.Grant: grants,
    records.AuthorizationCode: authorization_codes,
    records.AccessToken: access_tokens,
    records.RefreshToken: refresh_tokens,
    records.Receipt: receipts,
    records.Interaction: interactions,
    records.Session: sessions,
    records.SigningKey: signing_keys,
    records.Seen: seen,
    records.InitialAccessToken: initial_access_tokens,
    records.LogoutDelivery: logout_deliveries,
}
