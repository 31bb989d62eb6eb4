"""Epochs of accounts and consents, sessions that have ended, and what is still to be swept.

Revision 0007, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, String, Text, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0007"
down_revision = "0006"

KEY = (
    String(255)
    .with_variant(String(255, collation="C"), "postgresql")
    .with_variant(VARBINARY(255), "mysql", "mariadb")
)
TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
TIME = BigInteger()
EPOCHS = (
    ("accounts", "epoch"),
    ("sessions", "epoch"),
    ("consents", "epoch"),
    ("grants", "account_epoch"),
    ("grants", "consent_epoch"),
    ("authorization_codes", "account_epoch"),
    ("authorization_codes", "consent_epoch"),
)


def upgrade() -> None:
    """Add the columns and two tables."""
    # The version before goes on adding rows, and doesn't know the columns: they have a default.
    for table, name in EPOCHS:
        op.add_column(table, Column(name, TIME, nullable=False, server_default=text("0")))
    op.add_column("consents", Column("withdrawn_at", TIME, nullable=True))
    op.add_column("authorization_codes", Column("session_ends_at", TIME, nullable=True))
    _create_ended_sessions()
    _create_sweeps()


def _create_ended_sessions() -> None:
    op.create_table(
        "ended_sessions",
        Column("key", KEY, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("ended_sessions_by_expiry", "ended_sessions", ["expires_at"])


def _create_sweeps() -> None:
    op.create_table(
        "sweeps",
        Column("key", KEY, nullable=False),
        Column("queue", KEY, nullable=False),
        Column("account_id", KEY, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("due_at", TIME, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("epoch", TIME, nullable=True),
        Column("session_keys", TEXT, nullable=False),
        Column("client_id", KEY, nullable=True),
        Column("everything", Boolean(), nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("sweeps_by_queue", "sweeps", ["queue", "key"])
    op.create_index("sweeps_by_expiry", "sweeps", ["expires_at"])
