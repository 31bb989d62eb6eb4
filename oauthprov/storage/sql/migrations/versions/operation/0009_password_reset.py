"""Links that are mailed for a new password, and the accounts by their confirmed addresses.

Revision 0009, frozen: what it says stays as it is when the tables move on. The addresses that were
confirmed before are entered by ``oauthprov storage upgrade``, on every backend alike.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0009"
down_revision = "0008"

KEY = (
    String(255)
    .with_variant(String(255, collation="C"), "postgresql")
    .with_variant(VARBINARY(255), "mysql", "mariadb")
)
TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
TIME = BigInteger()


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "confirmed_addresses",
        Column("key", KEY, nullable=False),
        Column("account_id", KEY, nullable=False),
        Column("address", KEY, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("confirmed_addresses_by_address", "confirmed_addresses", ["address", "key"])
    op.create_table(
        "password_resets",
        Column("key", KEY, nullable=False),
        Column("account_id", KEY, nullable=False),
        Column("email", TEXT, nullable=False),
        Column("epoch", TIME, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("password_resets_by_expiry", "password_resets", ["expires_at"])
