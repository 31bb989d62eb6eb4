"""The resources whose tokens a client may introspect.

Revision 0010, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import Column, Text, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0010"
down_revision = "0009"

TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    """Add the column. First-party clients with a secret or a key had the right for all tokens."""
    # The version before goes on adding rows, and doesn't know the column: it has a default.
    column = Column("introspects", TEXT, nullable=False, server_default=text("'[]'"))
    op.add_column("clients", column)
    op.execute(
        "UPDATE clients SET introspects = '[\"*\"]' WHERE first_party AND auth_method <> 'none'"
    )
