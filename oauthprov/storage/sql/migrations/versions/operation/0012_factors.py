"""Second factors: authenticator apps, recovery codes, and sign-ins that wait for one of them.

Revision 0012, frozen: what it says stays as it is when the tables move on.
"""

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String, Text, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0012"
down_revision = "0011"

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
    """Add the column of accounts, and three tables."""
    # The version before goes on adding rows, and doesn't know the column: it has a default.
    factors: Column[str] = Column("factors", TEXT, nullable=False, server_default=text("'[]'"))
    op.add_column("accounts", factors)
    _create(
        "totps",
        "account_id",
        Column("sealed", TEXT, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("counter", TIME, nullable=False),
        Column("last_used_at", TIME, nullable=True),
    )
    _create(
        "recovery_codes",
        "account_id",
        Column("codes", TEXT, nullable=False),
        Column("created_at", TIME, nullable=False),
    )
    _create(
        "pending_sign_ins",
        "key",
        Column("account_id", KEY, nullable=False),
        Column("epoch", TIME, nullable=False),
        Column("amr", TEXT, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("attempts", TIME, nullable=False),
    )
    op.create_index("pending_sign_ins_by_expiry", "pending_sign_ins", ["expires_at"])


def _create(table: str, key: str, *columns: Column[Any]) -> None:
    op.create_table(
        table,
        Column(key, KEY, nullable=False),
        *columns,
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint(key),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
