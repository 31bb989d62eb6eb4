"""Passkeys.

Revision 0013, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0013"
down_revision = "0012"

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
    """Add the table."""
    op.create_table(
        "passkeys",
        Column("key", KEY, nullable=False),
        Column("account_id", KEY, nullable=False),
        Column("credential_id", TEXT, nullable=False),
        Column("public_key", TEXT, nullable=False),
        Column("sign_count", BigInteger(), nullable=False),
        Column("name", TEXT, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("transports", TEXT, nullable=False),
        Column("aaguid", TEXT, nullable=False),
        Column("backup_eligible", Boolean(), nullable=False),
        Column("backed_up", Boolean(), nullable=False),
        Column("last_used_at", TIME, nullable=True),
        Column("copied_at", TIME, nullable=True),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("passkeys_by_account_id", "passkeys", ["account_id", "key"])
