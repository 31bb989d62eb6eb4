"""Clients that may omit PKCE, and clients that read claims from the ID token alone.

Revision 0011, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import Boolean, Column, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.sql import expression

revision = "0011"
down_revision = "0010"

TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    """Add the columns."""
    op.add_column("clients", Column("pkce", TEXT, nullable=True))
    # The version before goes on adding rows, and doesn't know the column: it has a default.
    flag: Column[bool] = Column(
        "id_token_claims", Boolean(), nullable=False, server_default=expression.false()
    )
    op.add_column("clients", flag)
