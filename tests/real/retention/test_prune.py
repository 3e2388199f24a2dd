"""Ended runs go from a real Prefect, with what hangs on them; those that are needed stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from fixtures.stack import Stack
from schemas.incident import Alert, IncidentType, Severity, Status
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.retention.prune_prefect import prune_prefect
from tasks.store import open_store

TAG = "aeef-test-prune"
LATER = timedelta(days=31)


def run_of(stack: Stack, incident: UUID, state: str = "COMPLETED") -> str:
    """A run with a log line and an artifact, in this state."""
    flow = stack.prefect("POST", "/flows/", json={"name": TAG})["id"]
    run: str = stack.prefect(
        "POST",
        "/flow_runs/",
        json={
            "flow_id": flow,
            "tags": [TAG],
            "parameters": {"alert": {"incidentId": str(incident)}},
            "state": {"type": "PAUSED", "name": "Paused"},
        },
    )["id"]
    set_to = {"state": {"type": state, "name": state.capitalize()}, "force": True}
    stack.prefect("POST", f"/flow_runs/{run}/set_state", json=set_to)
    line = {"name": "x", "level": 20, "message": "a line", "flow_run_id": run,
            "timestamp": utc_now().isoformat()}  # fmt: skip
    stack.prefect("POST", "/logs/", json=[line])
    artifact = {"key": f"incident-{incident}", "type": "markdown", "data": "x", "flow_run_id": run}
    stack.prefect("POST", "/artifacts/", json=artifact)
    return run


def left(stack: Stack, *runs: str) -> dict[str, list[Any]]:
    """What Prefect still has of these runs."""
    wanted = {"flow_run_id": {"any_": list(runs)}}
    ids = {"flow_runs": {"id": {"any_": list(runs)}}}
    found = stack.prefect("POST", "/flow_runs/filter", json=ids)
    return {
        "runs": sorted(each["id"] for each in found),
        "logs": stack.prefect("POST", "/logs/filter", json={"logs": wanted}),
        "artifacts": stack.prefect("POST", "/artifacts/filter", json={"artifacts": wanted}),
    }


def test_what_ended_goes_and_what_is_needed_stays(stack: Stack) -> None:
    """At most so many at once; open and held incidents keep theirs; so does what goes on."""
    settings = Settings.model_validate({"home": stack.home, "retention": {"prefect_most": 1}})
    store = open_store(settings)
    ids = []
    for name in ("over", "open", "held"):
        alert = Alert(description=name, service=f"prune-{name}", source="test")
        opened = store.open_or_attach(
            alert, IncidentType.UNKNOWN, Severity.P4, announce=False, new_id=uuid4()
        )
        ids.append(opened.incident.incident_id)
    over, goes_on, held = ids
    for incident_id in (over, held):
        store.set_status(incident_id, Status.RESOLVED, actor="ann")
    store.retention.hold(held, reason="court", actor="ann")
    kept = [run_of(stack, goes_on), run_of(stack, held), run_of(stack, over, "PAUSED")]
    old = [run_of(stack, over), run_of(stack, over, "FAILED"), run_of(stack, uuid4())]

    with stack.prefect_settings():
        assert (0, 0) == prune_prefect(settings, tag=TAG)[:2]
        first = prune_prefect(settings, utc_now() + LATER, TAG)
        rest = [prune_prefect(settings, utc_now() + LATER, TAG).runs for _ in range(3)]

    assert (1, 1, [1, 1, 0]) == (first.runs, first.artifacts, rest)
    assert sorted(kept) == left(stack, *kept, *old)["runs"]
    stack.wait_for(lambda: not left(stack, *old)["logs"])
    assert [] == left(stack, *old)["artifacts"]
    assert (3, 3) == (len(left(stack, *kept)["logs"]), len(left(stack, *kept)["artifacts"]))
