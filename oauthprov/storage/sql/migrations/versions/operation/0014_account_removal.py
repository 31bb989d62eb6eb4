"""Accounts that their users delete, after a grace, and the groups of accounts.

Revision 0014, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String, Text, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0014"
down_revision = "0013"

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
    """Add the columns and the table."""
    op.add_column("accounts", Column("remove_at", TIME, nullable=True))
    # The version before goes on adding rows, and doesn't know the column: it has a default.
    op.add_column("accounts", Column("groups", TEXT, nullable=False, server_default=text("'[]'")))
    op.create_table(
        "account_removals",
        Column("account_id", KEY, nullable=False),
        Column("queue", KEY, nullable=False),
        Column("due_at", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("account_id"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("account_removals_by_queue", "account_removals", ["queue", "account_id"])
