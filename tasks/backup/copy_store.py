"""Copies a whole store into an empty one, of either kind: all tables, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from schemas.errors import NotPossibleNow, PermanentError
from tasks.store.database.database import Database
from tasks.store.database.failures import as_ours
from tasks.store.database.migrate import migrate
from tasks.store.database.tables import (
    audit,
    incidents,
    lease_clock,
    metadata,
    processes,
    written,
)

AT_ONCE = 1_000
OF_THE_MACHINE = (lease_clock, processes, written)
"""What processes say of themselves, and the clock of this boot: made anew where it is copied to."""
COPIED = tuple(each for each in metadata.sorted_tables if each not in OF_THE_MACHINE)
"""In an order in which every row finds what it points to."""

Counts = Mapping[str, int]


def copy_store(source: Database, goal: Database) -> Counts:
    """Copy everything; the number of rows of each table, the same in both.

    The source is read in one snapshot, and goes on being used. Raises NotPossibleNow when the goal
    holds something, and PermanentError when the counts differ; then nothing was copied.
    """
    migrate(goal)
    with source.read(snapshot=True) as there:
        wanted = counts_in(there)
        try:
            with goal.engine.begin() as here:
                _require_empty(here, goal)
                for table in COPIED:
                    _copy(table, there, here)
                found = counts_in(here)
                if found != wanted:
                    different = [name for name in wanted if wanted[name] != found[name]]
                    raise PermanentError(
                        "copy", f"the copy does not have as many rows in {', '.join(different)}"
                    )
        except SQLAlchemyError as error:
            # Not chained: the driver's own error may repeat the connection parameters.
            raise as_ours(error, goal.url) from None
    return wanted


def counts_in(connection: Connection) -> dict[str, int]:
    """How many rows each table has that is copied."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in COPIED
    }


def is_empty(connection: Connection) -> bool:
    """True when nothing was ever recorded there."""
    tables = (incidents, audit)
    return not any(connection.execute(select(each).limit(1)).first() for each in tables)


def _require_empty(connection: Connection, goal: Database) -> None:
    if not is_empty(connection):
        raise NotPossibleNow(
            f"the store {goal.label} is not empty: nothing is copied over what is there"
        )


def _copy(table: Table, there: Connection, here: Connection) -> None:
    if table is not audit:  # nothing is ever deleted there, and it is empty
        here.execute(delete(table))
    for rows in _batches(table, there):
        here.execute(insert(table), rows)
    if (last := _last_number(table, there)) is not None:
        _go_on_counting(table, here, last)


def _batches(table: Table, there: Connection) -> Iterator[list[dict[str, Any]]]:
    query = select(table).order_by(*table.primary_key.columns)
    with there.execute(query, execution_options={"yield_per": AT_ONCE}) as found:
        for some in found.partitions(AT_ONCE):
            yield [dict(row._mapping) for row in some]  # noqa: SLF001


def _last_number(table: Table, connection: Connection) -> int | None:
    """The highest number that was ever given in it, also to what is gone; None: none are given."""
    column = table.autoincrement_column
    if column is None:
        return None
    found = [connection.execute(select(func.max(column))).scalar() or 0]
    if connection.dialect.name == "postgresql":
        name = _sequence(table, connection)
        # Not yet called, its value is the next number.
        last = text(f"SELECT last_value - 1 + is_called::int FROM {name}")  # noqa: S608 (ours)
        found += [] if name is None else connection.scalars(last).all()
    elif table.dialect_options["sqlite"]["autoincrement"]:
        last = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        found += connection.scalars(last, {"name": table.name}).all()
    return max(found)


def _go_on_counting(table: Table, here: Connection, last: int) -> None:
    """The next number follows the last one. Both databases count apart from the rows."""
    if here.dialect.name == "postgresql":
        if (name := _sequence(table, here)) is not None:
            here.execute(select(func.setval(name, last + 1, False)))
    elif table.dialect_options["sqlite"]["autoincrement"]:
        its = {"name": table.name, "last": last}
        here.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), its)
        here.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), its)


def _sequence(table: Table, connection: Connection) -> str | None:
    column = table.autoincrement_column
    assert column is not None
    found = connection.execute(select(func.pg_get_serial_sequence(table.name, column.name)))
    name: str | None = found.scalar()
    return name
