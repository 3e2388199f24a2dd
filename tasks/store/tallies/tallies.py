"""Sums that only grow, kept in the database: what every intake shows, and no restart forgets.

A drill is not counted: nobody is to find an exercise among the figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, select
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


def time_taken(
    connection: Connection, incident: Incident, moment: Moment, took: timedelta | None
) -> None:
    """Count how long it took from the detection to this moment, in the histogram of it.

    took: None when that is not known: then it is not counted.
    """
    if moment not in HISTOGRAMS or took is None or incident.is_drill:
        return
    name, seconds = HISTOGRAMS[moment][0], took.total_seconds()
    of = {"severity": incident.severity.value, "type": incident.type}
    add(connection, name, {**of, "le": bucket_of(seconds)})
    add(connection, name + SUM, of, seconds)


def add(connection: Connection, name: str, labels: Mapping[str, str], amount: float = 1.0) -> None:
    """Add to one sum."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {"name": name, "labels": canonical_json(dict(labels)), "value": amount}
    new = dialect.insert(tallies).values(row)
    more = {"value": tallies.c.value + new.excluded.value}
    connection.execute(new.on_conflict_do_update(index_elements=["name", "labels"], set_=more))


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
