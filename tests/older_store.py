"""Makes a store what an earlier version of AEEF Runbooks would have left."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, create_engine, insert, inspect, select, text

from support import ROOT
from tasks.store.database.database import database_url
from tasks.store.database.migrate import VERSION_TABLE
from tasks.store.database.tables import audit, audit_head, incidents, metadata

MIGRATIONS = ROOT / "tasks" / "store" / "database" / "migrations"


def back_to_before(url: str, revision: str) -> None:
    """The tables as they were before this migration, with incidents and audit log only."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    before = ScriptDirectory.from_config(config).get_revision(revision).down_revision
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        kept = [(table, _rows(connection, table)) for table in (incidents, audit, audit_head)]
        metadata.drop_all(connection)
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP FUNCTION aeef_audit_append_only CASCADE"))
        config.attributes["connection"] = connection
        command.upgrade(config, str(before))
        connection.execute(text("DELETE FROM aeef_audit_head"))
        for table, rows in kept:
            known = {column["name"] for column in inspect(connection).get_columns(table.name)}
            for row in rows:
                values = {name: value for name, value in row.items() if name in known}
                connection.execute(insert(table).values(values))
    engine.dispose()


def _rows(connection: Connection, table: Table) -> list[dict[str, object]]:
    return [dict(row) for row in connection.execute(select(table)).mappings()]
