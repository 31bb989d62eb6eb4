"""Clients that are described by a document at their URL, and the hosts that are disabled.

Revision 0023, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String
from sqlalchemy.dialects.mysql import VARBINARY

revision = "0023"
down_revision = "0022"

KEY = (
    String(255)
    .with_variant(String(255, collation="C"), "postgresql")
    .with_variant(VARBINARY(255), "mysql", "mariadb")
)
TIME = BigInteger()


def upgrade() -> None:
    """Add the columns and the table."""
    for name in ("fetched_at", "fresh_until", "changed_at"):
        op.add_column("clients", Column(name, TIME, nullable=True))
    op.create_table(
        "disabled_hosts",
        Column("host", KEY, nullable=False),
        Column("disabled_at", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("host"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
