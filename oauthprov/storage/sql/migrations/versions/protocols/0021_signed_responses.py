"""The algorithms by which a client's authorization and introspection responses are signed.

Revision 0021, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import Column, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0021"
down_revision = "0020"

TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    """Add the columns."""
    for name in ("authorization_signed_response_alg", "introspection_signed_response_alg"):
        op.add_column("clients", Column(name, TEXT, nullable=True))
