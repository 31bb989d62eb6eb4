"""Where clients are told of a logout, and who still has to be told.

Revision 0005, frozen: what it says stays as it is when tables.py moves on.
"""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, String, Text, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY
from sqlalchemy.sql import expression

revision = "0005"
down_revision = "0004"

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
    """Add the columns of clients, and the queue."""
    # The version before goes on adding rows, and doesn't know the columns: they have a default.
    name = "post_logout_redirect_uris"
    uris: Column[str] = Column(name, TEXT, nullable=False, server_default=text("'[]'"))
    op.add_column("clients", uris)
    op.add_column("clients", Column("backchannel_logout_uri", TEXT, nullable=True))
    name = "backchannel_logout_session_required"
    flag: Column[bool] = Column(name, Boolean(), nullable=False, server_default=expression.false())
    op.add_column("clients", flag)
    _create_queue()


def _create_queue() -> None:
    op.create_table(
        "logout_deliveries",
        Column("key", KEY, nullable=False),
        Column("queue", KEY, nullable=False),
        Column("client_id", KEY, nullable=False),
        Column("subject", KEY, nullable=False),
        Column("sid", KEY, nullable=False),
        Column("due_at", TIME, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("attempts", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("logout_deliveries_by_queue", "logout_deliveries", ["queue", "key"])
    op.create_index("logout_deliveries_by_expiry", "logout_deliveries", ["expires_at"])
