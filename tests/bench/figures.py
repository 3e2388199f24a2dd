"""How long the figures of 200,000 occurrences take: `PYTHONPATH=tests python -m bench.figures`.

On SQLite, and on PostgreSQL where it is installed; a minute, most of it to fill the stores.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, insert

from bench.store import databases
from schemas.figures import TIMED, By
from schemas.incident import Incident, Severity
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.base.storable import moment_text
from tasks.figures.figures import figures, members, question_of
from tasks.store import Store
from tasks.store.database.database import database_url
from tasks.store.database.tables import incidents, moments
from tasks.store.moments.moments import COLUMN, TOOK, kind_of
from tasks.store.records import columns_of
from tasks.view.plots import shown_of

NUMBER = 200_000
AT_ONCE = 5_000
DAYS = 29


def measure(report: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Seconds of each question, by database: all of them were detected in the asked time."""
    results: dict[str, Any] = {}
    for database, url, directory in databases(report):
        store = Store(url, directory / "audit.anchors")
        _fill(url)
        report(f"{database}: {NUMBER} incidents")
        results[database] = {by.value: _seconds(store, by) for by in By}
        store.close()
    return results


def _seconds(store: Store, by: By) -> dict[str, float]:
    question = question_of({"by": by.value}, utc_now())
    began = time.perf_counter()
    found = figures(question, store, Settings())
    computed = time.perf_counter()
    assert found.total.occurrences == NUMBER
    shown_of(found)
    shown = time.perf_counter()
    members(question, "resolved", found.groups[0].name, store, Settings())
    return {
        "figures": round(computed - began, 3),
        "with plots": round(shown - began, 3),
        "a figure's incidents": round(time.perf_counter() - shown, 3),
    }


def _fill(url: str) -> None:
    engine = create_engine(database_url(url))
    dice, now = Random(1), utc_now()  # noqa: S311 (nothing is kept secret by it)
    for start in range(0, NUMBER, AT_ONCE):
        pairs = [_one(dice, now, start + number) for number in range(AT_ONCE)]
        with engine.begin() as connection:
            connection.execute(insert(incidents), [incident for incident, _ in pairs])
            connection.execute(insert(moments), [each for _, each in pairs])
    engine.dispose()


def _one(dice: Random, now: datetime, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    detected = now - timedelta(days=dice.uniform(0, DAYS))
    incident = Incident(
        incident_id=UUID(int=dice.getrandbits(128)),
        severity=dice.choice(list(Severity)),
        type=dice.choice(["drift", "security", "unknown"]),
        detected_at=detected,
        affected_services=[f"s-{dice.randrange(50)}"],
        number=number + 1,
    )
    row = {
        **columns_of(incident),
        "id": str(incident.incident_id),
        "number": incident.number,
        "dedup_key": str(number),
        "dedup_hash": str(number),
        "opened_at": moment_text(detected),
        "alert": "{}",
    }
    return row, {
        "incident_id": row["id"],
        "occurrence": 1,
        "detected_at": moment_text(detected),
        "by_machine": "contained paged",
        "is_drill": 0,
        "weekday": detected.weekday(),
        **kind_of(incident),
        **dict(_times(dice, detected)),
    }


def _times(dice: Random, detected: datetime) -> Iterator[tuple[str, Any]]:
    seconds = sorted(dice.expovariate(1 / 600) for _ in TIMED)
    for moment, after in zip(TIMED, seconds, strict=True):
        yield COLUMN[moment], moment_text(detected + timedelta(seconds=after))
        yield TOOK[moment], round(after * 1_000_000)


if __name__ == "__main__":
    print(json.dumps(measure(print), indent=2))
