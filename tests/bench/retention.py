"""How long an alert waits while a large store is disposed of, and what verifying costs then.

    PYTHONPATH=tests .venv/bin/python -m bench.retention --incidents 200000 --due 20000

On SQLite; a tenth of the incidents is due by default. A process beside it takes alerts in, one
every 20 ms, as an intake does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, update

from schemas.figures import Moment
from schemas.incident import (
    GENESIS,
    Action,
    Alert,
    AuditEntry,
    Incident,
    IncidentType,
    Severity,
    Status,
    canonical_json,
    hash_of_text,
)
from schemas.settings import Settings
from tasks.base.storable import alert_json, moment_text
from tasks.retention.dispose import dispose_of_due
from tasks.store import Store, open_store
from tasks.store.audit.audit import row_of
from tasks.store.database.tables import audit, audit_head, claims, incidents, moments, outbox
from tasks.store.moments.replay import Replay
from tasks.store.records import columns_of

AT_ONCE = 2_000
ENTRIES = 4


def fill(store: Store, count: int, due: int) -> None:
    """Incidents that are over, with their entries, claims and events; so many ended years ago."""
    database, chain, seq = store._database, GENESIS, 0  # noqa: SLF001
    for start in range(0, count, AT_ONCE):
        rows: dict[Any, list[dict[str, Any]]] = {
            table: [] for table in (incidents, audit, claims, outbox, moments)
        }
        for number in range(start, min(count, start + AT_ONCE)):
            opened = datetime(2015 if number < due else 2026, 1, 1, tzinfo=UTC) + timedelta(
                seconds=60 * number
            )
            chain, seq = _one(rows, number, opened, chain, seq)

        def work(connection: Any, rows: Any = rows, seq: int = seq, chain: str = chain) -> None:
            for table, each in rows.items():
                connection.execute(insert(table), each)
            connection.execute(update(audit_head).values(seq=seq, hash=chain))

        database.write(work)


def _one(
    rows: dict[Any, list[dict[str, Any]]], number: int, opened: datetime, chain: str, seq: int
) -> tuple[str, int]:
    incident_id = uuid4()
    alert = Alert(description=f"no {number} answers 500", service=f"s-{number}", source="bench")
    alert_text = canonical_json(alert_json(alert))
    incident = Incident(
        incident_id=incident_id, severity=Severity.P2, type="security", detected_at=opened,
        description=alert.description, affected_services=[f"s-{number}"], number=number + 1,
    )  # fmt: skip
    replay = Replay()
    for step in range(ENTRIES):
        at = opened + timedelta(seconds=step)
        action = Action(timestamp=at, action=f"step {step} of {number}", actor="bench")
        over = {"status": Status.RESOLVED, "resolved_at": at} if step == ENTRIES - 1 else {}
        incident = incident.model_copy(
            update={"actions_taken": [*incident.actions_taken, action], **over}
        )
        details: dict[str, Any] = {"record": hash_of_text(canonical_json(incident.to_json()))}
        if step == 0:
            details |= {"alert": hash_of_text(alert_text), "number": number + 1}
            details |= {"moment": Moment.DETECTED}
        if over:
            details |= {"moment": Moment.RESOLVED}
        replay.take(action.action, moment_text(at), details, automated=True)
        seq += 1
        entry = AuditEntry(
            seq=seq, entry_id=uuid4(), incident_id=incident_id, timestamp=at, actor="bench",
            automated=True, action=action.action, details=details, prev_hash=chain,
        ).sealed()  # fmt: skip
        chain = entry.hash
        rows[audit].append(row_of(entry))
    id_, moment = str(incident_id), moment_text(opened)
    key = hash_of_text(id_)
    rows[incidents].append(
        {**columns_of(incident), "id": id_, "number": number + 1, "dedup_key": id_,
         "dedup_hash": key, "opened_at": moment, "alert": alert_text}
    )  # fmt: skip
    rows[claims] += [
        {"incident_id": id_, "key": name, "attempts": 1, "result": "{}", "done_at": moment}
        for name in ("page:P2", "runbook:P2", "progress:x")
    ]
    rows[outbox] += [
        {"event_id": str(uuid4()), "incident_id": id_, "event": event, "payload": "{}",
         "occurred_at": moment, "attempts": 1, "due_at": "", "sent_at": moment}
        for event in ("aeef.incident.detected", "aeef.incident.resolved")
    ]  # fmt: skip
    rows[moments] += replay.rows(id_, incident.to_json())
    return chain, seq


def take_alerts(settings: Settings, seconds: float) -> list[float]:
    """Take alerts in for so long; how long each took, in milliseconds."""
    store, took = open_store(settings), list[float]()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        alert = Alert(description="now", service=str(uuid4()), source="bench")
        opened = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P2)
        assert isinstance(opened.incident.incident_id, UUID)
        took.append(1000 * (time.perf_counter() - began))
        time.sleep(0.02)
    return took


def _in_figures(took: list[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {
        "alerts": len(took),
        "median ms": round(statistics.median(ordered), 1),
        "p99 ms": round(ordered[int(0.99 * (len(ordered) - 1))], 1),
        "longest ms": round(ordered[-1], 1),
    }


def main() -> None:
    """Fill, take alerts alone, then beside a disposal; print figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--incidents", type=int, default=200_000)
    parser.add_argument("--due", type=int, default=20_000)
    parser.add_argument("--dispose", type=Path)
    given = parser.parse_args()
    if given.dispose:
        report = dispose_of_due(Settings.model_validate({"home": given.dispose}))
        print(json.dumps(report.to_json()))  # noqa: T201
        return
    with tempfile.TemporaryDirectory(prefix="aeef-bench-") as name:
        home = Path(name)
        settings = Settings.model_validate({"home": home})
        store, began = open_store(settings), time.monotonic()
        fill(store, given.incidents, given.due)
        figures: dict[str, Any] = {"filled s": round(time.monotonic() - began)}
        began = time.monotonic()
        store.verify_audit()
        figures["verified before s"] = round(time.monotonic() - began, 1)
        figures["alone"] = _in_figures(take_alerts(settings, 10))
        began = time.monotonic()
        command = [sys.executable, "-m", "bench.retention", "--dispose", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as beside:
            took: list[float] = []
            while beside.poll() is None:
                took += take_alerts(settings, 1)
            assert beside.stdout is not None
            figures["disposal"] = json.loads(beside.stdout.read())
        figures["disposal s"] = round(time.monotonic() - began, 1)
        figures["beside it"] = _in_figures(took)
        began = time.monotonic()
        store.verify_audit()
        figures["verified after s"] = round(time.monotonic() - began, 1)
        store.close()
    print(json.dumps(figures, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
