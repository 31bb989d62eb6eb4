"""What clients that register themselves say of themselves, and the leave to do so.

Revision 0004, frozen: what it says stays as it is when tables.py moves on.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String, Text, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0004"
down_revision = "0003"

KEY = (
    String(255)
    .with_variant(String(255, collation="C"), "postgresql")
    .with_variant(VARBINARY(255), "mysql", "mariadb")
)
TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
TIME = BigInteger()
TEXTS = (
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "software_id",
    "software_version",
    "jwks_uri",
    "jwks",
)


def upgrade() -> None:
    """Add the columns of clients, and the table of initial access tokens."""
    for name in TEXTS:
        op.add_column("clients", Column(name, TEXT, nullable=True))
    # The version before goes on adding clients, and doesn't know the column.
    contacts = Column("contacts", TEXT, nullable=False, server_default=text("'[]'"))
    op.add_column("clients", contacts)
    op.add_column("clients", Column("registration_token", KEY, nullable=True))
    op.add_column("clients", Column("last_used_at", TIME, nullable=True))
    op.create_table(
        "initial_access_tokens",
        Column("token_id", KEY, nullable=False),
        Column("secret", KEY, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("uses_left", TIME, nullable=True),
        Column("note", TEXT, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("token_id"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("initial_access_tokens_by_expiry", "initial_access_tokens", ["expires_at"])
