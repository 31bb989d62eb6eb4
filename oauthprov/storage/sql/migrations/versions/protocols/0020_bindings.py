"""Codes and tokens that are bound to a key, and clients whose access tokens must be.

Revision 0020, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import Boolean, Column, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.sql import expression

revision = "0020"
down_revision = "0019"

TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    """Add the columns."""
    for table in ("authorization_codes", "access_tokens", "refresh_tokens"):
        op.add_column(table, Column("confirmation", TEXT, nullable=True))
    # The version before goes on adding rows, and doesn't know the column: it has a default.
    flag: Column[bool] = Column(
        "dpop_bound_access_tokens", Boolean(), nullable=False, server_default=expression.false()
    )
    op.add_column("clients", flag)
