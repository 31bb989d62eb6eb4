"""Alembic's environment: runs the migrations on the given connection, in its transaction."""

from alembic import context

from oauthprov.storage.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
