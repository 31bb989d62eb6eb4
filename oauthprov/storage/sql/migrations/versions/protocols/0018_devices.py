"""Device authorizations and the codes that people type.

Revision 0018, frozen: what it says stays as it is when the tables move on.
"""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY

revision = "0018"
down_revision = "0017"

KEY = (
    String(255)
    .with_variant(String(255, collation="C"), "postgresql")
    .with_variant(VARBINARY(255), "mysql", "mariadb")
)
TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
TIME = BigInteger()


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "device_grants",
        Column("key", KEY, nullable=False),
        Column("client_id", KEY, nullable=False),
        Column("scopes", TEXT, nullable=False),
        Column("resources", TEXT, nullable=False),
        Column("address", TEXT, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("interval", TIME, nullable=False),
        Column("polled_at", TIME, nullable=True),
        Column("decided_at", TIME, nullable=True),
        Column("allowed", Boolean(), nullable=False),
        Column("account_id", KEY, nullable=True),
        Column("auth_time", TIME, nullable=True),
        Column("amr", TEXT, nullable=False),
        Column("acr", TEXT, nullable=True),
        Column("account_epoch", TIME, nullable=False),
        Column("consent_epoch", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("device_grants_by_expiry", "device_grants", ["expires_at"])
    op.create_table(
        "user_codes",
        Column("key", KEY, nullable=False),
        Column("device_grant", KEY, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("claimed_at", TIME, nullable=True),
        PrimaryKeyConstraint("key"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    op.create_index("user_codes_by_expiry", "user_codes", ["expires_at"])
