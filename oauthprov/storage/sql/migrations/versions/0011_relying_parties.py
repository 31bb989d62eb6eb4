"""Clients that the operator lets do without PKCE.

Revision 0011, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import Column, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0011"
down_revision = "0010"

TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    """Add the column."""
    op.add_column("clients", Column("pkce", TEXT, nullable=True))
