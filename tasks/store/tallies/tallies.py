"""Sums that only grow, kept in the database: what every intake shows, and no restart forgets.

A drill is not counted: nobody is to find an exercise among the figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Executable, select
from sqlalchemy.dialects import postgresql, sqlite

from schemas.figures import HISTOGRAMS, Counter, Moment
from schemas.figures.counters import bucket_of
from schemas.incident import Incident, canonical_json
from tasks.store.database.database import Database
from tasks.store.database.tables import tallies

SUM = "_sum"
"""After the name of a histogram: the seconds of all that it has counted."""


class Count(NamedTuple):
    """One more of these."""

    counter: Counter
    labels: Mapping[str, str]


def count(connection: Connection, incident: Incident, counts: Iterable[Count]) -> None:
    """Count what happened in an incident."""
    if not incident.is_drill:
        for counter, labels in counts:
            add(connection, counter.name, counter.bounded(labels))


def time_taken(connection: Connection, incident: Incident, moment: Moment, took: int) -> None:
    """Count how long it took from the detection to this moment, in the histogram of it.

    took: microseconds; less than 0, as two clocks differ, is not counted.
    """
    if moment not in HISTOGRAMS or took < 0 or incident.is_drill:
        return
    name, seconds = HISTOGRAMS[moment][0], took / 1_000_000
    of = {"severity": incident.severity.value, "type": incident.type}
    bucket = _row(name, {**of, "le": bucket_of(seconds)})
    connection.execute(_ADD[connection.dialect.name], [bucket, _row(name + SUM, of, seconds)])


def add(connection: Connection, name: str, labels: Mapping[str, str], amount: float = 1.0) -> None:
    """Add to one sum."""
    connection.execute(_ADD[connection.dialect.name], _row(name, labels, amount))


def _row(name: str, labels: Mapping[str, str], amount: float = 1.0) -> dict[str, Any]:
    return {"name": name, "labels": canonical_json(dict(labels)), "value": amount}


def _adding(dialect: Any) -> Executable:
    new = dialect.insert(tallies)
    more = {"value": tallies.c.value + new.excluded.value}
    return cast(
        "Executable", new.on_conflict_do_update(index_elements=["name", "labels"], set_=more)
    )


# Created once, so that SQLAlchemy need not compile it for each execution.
_ADD = {"sqlite": _adding(sqlite), "postgresql": _adding(postgresql)}


class Tallies:
    """Reads them: `store.tallies`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, list[tuple[dict[str, str], float]]]:
        """Every sum by its name, with its labels: some thousand rows at most."""
        found: dict[str, list[tuple[dict[str, str], float]]] = {}
        with self._database.read() as connection:
            for row in connection.execute(select(tallies)):
                found.setdefault(row.name, []).append((json.loads(row.labels), row.value))
        return found
