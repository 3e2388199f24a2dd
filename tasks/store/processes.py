"""What the processes beside the intake say of themselves, for whoever asks whether they live."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from tasks.base.storable import clean_text, moment_text
from tasks.store.database.database import Database
from tasks.store.database.tables import processes


class ProcessReport(NamedTuple):
    """seen_at: changes with each report. problems: why it cannot do its work, as sentences.

    alike: what all machines should have alike, as digests.
    """

    seen_at: str
    problems: list[str]
    alike: dict[str, str]


def report_process(
    database: Database,
    name: str,
    problems: Sequence[str],
    now: datetime,
    alike: Mapping[str, str],
) -> None:
    """Replace the last report of this process."""
    values = {
        "seen_at": moment_text(now),
        "problems": json.dumps([*map(clean_text, problems)]),
        "alike": json.dumps(dict(alike)),
    }

    def work(connection: Connection) -> None:
        changed = connection.execute(
            update(processes).where(processes.c.name == name).values(values)
        )
        if not changed.rowcount:
            connection.execute(insert(processes).values(name=name, **values))

    database.write(work)


def reported(database: Database) -> dict[str, ProcessReport]:
    """The last report of every process that ever made one, by name."""
    with database.read() as connection:
        rows = connection.execute(select(processes)).all()
    return {
        row.name: ProcessReport(row.seen_at, json.loads(row.problems), json.loads(row.alike))
        for row in rows
    }
