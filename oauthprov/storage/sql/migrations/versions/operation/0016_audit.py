"""The entries of the audit.

Revision 0016, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0016"
down_revision = "0015"

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
        "audit_entries",
        Column("key", KEY, nullable=False),
        Column("event", TEXT, nullable=False),
        Column("at", TIME, nullable=False),
        Column("day", KEY, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("details", TEXT, nullable=False),
        Column("about", KEY, nullable=True),
        Column("account_id", TEXT, nullable=True),
        Column("client_id", TEXT, nullable=True),
        Column("address", TEXT, nullable=False),
        Column("actor", TEXT, nullable=True),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("audit_entries_by_day", "audit_entries", ["day", "key"])
    op.create_index("audit_entries_by_about", "audit_entries", ["about", "key"])
    op.create_index("audit_entries_by_expiry", "audit_entries", ["expires_at"])
