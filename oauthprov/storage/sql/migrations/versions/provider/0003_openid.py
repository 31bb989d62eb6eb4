"""What OpenID Connect keeps with accounts, codes, grants, sessions and interactions.

Revision 0003, frozen: what it says stays as it is when tables.py moves on. Every column may be
NULL, so that a process of the version before can go on adding rows.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0003"
down_revision = "0002"

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
    """Add the columns."""
    op.add_column("accounts", Column("claims", TEXT, nullable=True))
    for table in ("grants", "authorization_codes"):
        op.add_column(table, Column("acr", TEXT, nullable=True))
        op.add_column(table, Column("claims", TEXT, nullable=True))
    op.add_column("authorization_codes", Column("nonce", TEXT, nullable=True))
    for table in ("grants", "authorization_codes", "sessions"):
        op.add_column(table, Column("sid", TEXT, nullable=True))
    op.add_column("interactions", Column("session_key", KEY, nullable=True))
    op.add_column("interactions", Column("auth_time", TIME, nullable=True))
