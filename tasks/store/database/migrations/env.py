"""Alembic's entry point: runs the migrations on the connection from `migrate.py`."""

from __future__ import annotations

from alembic import context

from tasks.store.database.migrate import VERSION_TABLE
from tasks.store.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
