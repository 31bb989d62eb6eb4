"""Whose logout a client is to be told of.

Revision 0022, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import Column, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0022"
down_revision = "0021"

TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    """Add the column."""
    op.add_column("logout_deliveries", Column("account_id", TEXT, nullable=True))
