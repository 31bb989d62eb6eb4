"""The admin role, and the consents of a client.

Revision 0017, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import Boolean, Column
from sqlalchemy.sql import expression

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column and the index."""
    # The version before goes on adding rows, and doesn't know the column: it has a default.
    admin: Column[bool] = Column(
        "admin", Boolean(), nullable=False, server_default=expression.false()
    )
    op.add_column("accounts", admin)
    op.create_index("consents_by_client_id", "consents", ["client_id", "key"])
