"""What clients register for OpenID Connect beyond a code, their logos, and proof of addresses.

Revision 0006, frozen: what it says stays as it is when the tables move on.
"""

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, String, Text, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY
from sqlalchemy.sql import expression

revision = "0006"
down_revision = "0005"

KEY = (
    String(255)
    .with_variant(String(255, collation="C"), "postgresql")
    .with_variant(VARBINARY(255), "mysql", "mariadb")
)
TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
TIME = BigInteger()
FLAGS = ("verified", "require_signed_request_object", "require_auth_time")
LISTS = ("request_uris", "default_acr_values", "response_types")
TEXTS = (
    "initiate_login_uri",
    "sector_identifier_uri",
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "request_object_signing_alg",
    "token_endpoint_auth_signing_alg",
)


def upgrade() -> None:
    """Add the columns of clients and interactions, and two tables."""
    # The version before goes on adding rows, and doesn't know the columns: they have a default.
    for column in _of_clients():
        op.add_column("clients", column)
    op.add_column("interactions", Column("chosen", KEY, nullable=True))
    _create_logos()
    _create_email_verifications()


def _of_clients() -> list[Column[Any]]:
    false, empty = expression.false(), text("'[]'")
    public = Column("subject_type", TEXT, nullable=False, server_default=text("'public'"))
    return [
        *(Column(name, Boolean(), nullable=False, server_default=false) for name in FLAGS),
        *(Column(name, TEXT, nullable=False, server_default=empty) for name in LISTS),
        *(Column(name, TEXT, nullable=True) for name in TEXTS),
        public,
        Column("logo", KEY, nullable=True),
        Column("default_max_age", TIME, nullable=True),
    ]


def _create_logos() -> None:
    op.create_table(
        "logos",
        Column("client_id", KEY, nullable=False),
        Column("source", TEXT, nullable=False),
        Column("media_type", TEXT, nullable=False),
        Column("image", TEXT, nullable=False),
        Column("fetched_at", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("client_id"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )


def _create_email_verifications() -> None:
    op.create_table(
        "email_verifications",
        Column("key", KEY, nullable=False),
        Column("account_id", KEY, nullable=False),
        Column("email", TEXT, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index(
        "email_verifications_by_account_id", "email_verifications", ["account_id", "key"]
    )
    op.create_index("email_verifications_by_expiry", "email_verifications", ["expires_at"])
