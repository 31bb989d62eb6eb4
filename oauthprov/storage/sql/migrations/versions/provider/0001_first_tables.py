"""The first tables.

Revision 0001, frozen: what it says stays as it is when tables.py moves on.
"""

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None

KEY = (
    String(255)
    .with_variant(String(255, collation="C"), "postgresql")
    .with_variant(VARBINARY(255), "mysql", "mariadb")
)
TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
TIME = BigInteger()
FLAG = Boolean()


def required(name: str, type_: TypeEngine[Any]) -> Column[Any]:
    """A column that every row fills."""
    return Column(name, type_, nullable=False)


def optional(name: str, type_: TypeEngine[Any]) -> Column[Any]:
    """A column that may be NULL."""
    return Column(name, type_, nullable=True)


def create(name: str, *columns: Column[Any], key: str = "key") -> None:
    """Create a table with the bookkeeping that each has."""
    op.create_table(
        name,
        *columns,
        required("version", BigInteger()),
        optional("claimed_at", TIME),
        *([optional("revoked_at", TIME)] if name == "grants" else []),
        PrimaryKeyConstraint(key),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )


def upgrade() -> None:
    """Create every table and index."""
    create_people()
    create_clients()
    create_tokens()
    create_visits()


def create_people() -> None:
    """Accounts and their names."""
    create(
        "accounts",
        required("account_id", KEY),
        required("name", TEXT),
        required("created_at", TIME),
        optional("password_hash", TEXT),
        required("developer", FLAG),
        optional("disabled_at", TIME),
        key="account_id",
    )
    create(
        "logins",
        required("key", KEY),
        required("account_id", KEY),
    )


def create_clients() -> None:
    """Clients and what accounts allowed them."""
    create(
        "clients",
        required("client_id", KEY),
        required("name", TEXT),
        required("client_type", TEXT),
        required("created_at", TIME),
        optional("owner", KEY),
        required("redirect_uris", TEXT),
        required("grant_types", TEXT),
        required("auth_method", TEXT),
        required("secrets", TEXT),
        optional("secret_created_at", TIME),
        required("scopes", TEXT),
        required("default_scopes", TEXT),
        optional("homepage_uri", TEXT),
        required("first_party", FLAG),
        optional("disabled_at", TIME),
        key="client_id",
    )
    op.create_index("clients_by_owner", "clients", ["owner", "client_id"])
    create(
        "consents",
        required("key", KEY),
        required("account_id", KEY),
        required("client_id", KEY),
        required("scopes", TEXT),
        required("resources", TEXT),
        required("created_at", TIME),
        required("updated_at", TIME),
    )
    op.create_index("consents_by_account_id", "consents", ["account_id", "key"])


def create_tokens() -> None:
    """Grants, codes, tokens and receipts."""
    create(
        "grants",
        required("grant_id", KEY),
        required("client_id", KEY),
        required("account_id", KEY),
        required("scopes", TEXT),
        required("resources", TEXT),
        required("created_at", TIME),
        required("last_used_at", TIME),
        required("expires_at", TIME),
        optional("session_key", KEY),
        optional("auth_time", TIME),
        required("amr", TEXT),
        key="grant_id",
    )
    op.create_index("grants_by_account_id", "grants", ["account_id", "grant_id"])
    op.create_index("grants_by_expiry", "grants", ["expires_at"])
    create(
        "authorization_codes",
        required("key", KEY),
        required("client_id", KEY),
        required("account_id", KEY),
        required("redirect_uri", TEXT),
        required("code_challenge", TEXT),
        required("scopes", TEXT),
        required("resources", TEXT),
        required("issued_at", TIME),
        required("expires_at", TIME),
        optional("session_key", KEY),
        optional("auth_time", TIME),
        required("amr", TEXT),
    )
    columns = ["account_id", "key"]
    op.create_index("authorization_codes_by_account_id", "authorization_codes", columns)
    op.create_index("authorization_codes_by_expiry", "authorization_codes", ["expires_at"])
    create(
        "access_tokens",
        required("key", KEY),
        optional("grant_id", KEY),
        required("client_id", KEY),
        optional("account_id", KEY),
        required("scopes", TEXT),
        required("resources", TEXT),
        required("issued_at", TIME),
        required("expires_at", TIME),
    )
    op.create_index("access_tokens_by_expiry", "access_tokens", ["expires_at"])
    create(
        "refresh_tokens",
        required("key", KEY),
        required("grant_id", KEY),
        required("client_id", KEY),
        required("scopes", TEXT),
        required("resources", TEXT),
        required("issued_at", TIME),
        required("expires_at", TIME),
    )
    op.create_index("refresh_tokens_by_expiry", "refresh_tokens", ["expires_at"])
    create(
        "receipts",
        required("key", KEY),
        required("grant_id", KEY),
        required("client_id", KEY),
        required("successor", KEY),
        required("sealed", TEXT),
        required("expires_at", TIME),
    )
    op.create_index("receipts_by_expiry", "receipts", ["expires_at"])


def create_visits() -> None:
    """Pending decisions and sessions."""
    create(
        "interactions",
        required("key", KEY),
        required("purpose", TEXT),
        required("client_id", KEY),
        optional("browser", KEY),
        required("params", TEXT),
        required("created_at", TIME),
        required("expires_at", TIME),
    )
    op.create_index("interactions_by_expiry", "interactions", ["expires_at"])
    create(
        "sessions",
        required("key", KEY),
        required("account_id", KEY),
        required("created_at", TIME),
        required("last_seen_at", TIME),
        required("auth_time", TIME),
        required("expires_at", TIME),
        required("amr", TEXT),
        required("address", TEXT),
        required("user_agent", TEXT),
    )
    op.create_index("sessions_by_account_id", "sessions", ["account_id", "key"])
    op.create_index("sessions_by_expiry", "sessions", ["expires_at"])
