"""Clients that were removed, and wait until those who signed in to them are signed out there.

Revision 0008, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column."""
    op.add_column("clients", Column("removed_at", BigInteger(), nullable=True))
