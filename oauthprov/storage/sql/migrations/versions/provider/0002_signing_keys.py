"""Signing keys, and what has been seen once.

Revision 0002, frozen: what it says stays as it is when tables.py moves on.
"""

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0002"
down_revision = "0001"

KEY = (
    String(255)
    .with_variant(String(255, collation="C"), "postgresql")
    .with_variant(VARBINARY(255), "mysql", "mariadb")
)
TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
TIME = BigInteger()


def create(name: str, *columns: Column[Any]) -> None:
    """Create a table with the bookkeeping that each has."""
    op.create_table(
        name,
        Column("key", KEY, nullable=False),
        *columns,
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )


def upgrade() -> None:
    """Create both tables."""
    create(
        "signing_keys",
        Column("kid", TEXT, nullable=False),
        Column("alg", TEXT, nullable=False),
        Column("public", TEXT, nullable=False),
        Column("sealed", TEXT, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("signs_from", TIME, nullable=False),
        Column("retires_at", TIME, nullable=True),
        Column("published_until", TIME, nullable=True),
    )
    create("seen", Column("expires_at", TIME, nullable=False))
    op.create_index("seen_by_expiry", "seen", ["expires_at"])
