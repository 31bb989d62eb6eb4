"""Pushed authorization requests, and the clients that must push theirs.

Revision 0019, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY
from sqlalchemy.sql import expression

revision = "0019"
down_revision = "0018"

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
    """Add the table and the column."""
    op.create_table(
        "pushed_requests",
        Column("key", KEY, nullable=False),
        Column("client_id", KEY, nullable=False),
        Column("params", TEXT, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("usable_until", TIME, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("pushed_requests_by_expiry", "pushed_requests", ["expires_at"])
    # The version before goes on adding rows, and doesn't know the column: it has a default.
    must_push: Column[bool] = Column(
        "require_pushed_authorization_requests",
        Boolean(),
        nullable=False,
        server_default=expression.false(),
    )
    op.add_column("clients", must_push)
