"""Clients that authenticate by a certificate, and those whose access tokens are bound to one.

Revision 0024, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import Boolean, Column, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.sql import expression

revision = "0024"
down_revision = "0023"

TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    """Add the columns."""
    for name in ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email"):
        op.add_column("clients", Column(f"tls_client_auth_{name}", TEXT, nullable=True))
    # The version before goes on adding rows, and doesn't know the column: it has a default.
    flag: Column[bool] = Column(
        "tls_client_certificate_bound_access_tokens",
        Boolean(),
        nullable=False,
        server_default=expression.false(),
    )
    op.add_column("clients", flag)
