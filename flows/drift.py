"""Runbook: what runs differs from the last known good release; and the scheduled check."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.parts.go_back import go_back
from flows.parts.notify import notify
from flows.parts.runbook import Response, runbook
from schemas.errors import RunbookFailed
from schemas.incident import Status
from schemas.settings import load_settings
from tasks.drift.assess_drift import assess_drift
from tasks.drift.follow_drift import follow_impact, watch
from tasks.drift.publish_drift import publish_drift
from tasks.drift.verdict import must_be_clean, must_be_readable
from tasks.incident.change_status import change_status


@runbook("drift")
def drift(response: Response) -> None:
    """Assess the impact and report it; for P1 also put the last known good release back."""
    notify(response)
    target = response.target
    if target is None:
        response.note(
            "nothing was compared: no configured target has the service"
            f" '{response.incident.service}'"
        )
        return
    # A retry assesses again: what could not be read may be readable now.
    attempt = flow_run.get_run_count()
    found = response.do(assess_drift, target.name, f"attempt {attempt}")
    response.do(publish_drift, found)
    response.do(follow_impact, found)
    if response.route.rollback and found.status == "none":
        response.note(f"nothing was put back: {found.headline}")
    elif response.route.rollback:
        go_back(response, found.commit, recreate=found.status == "drift", mitigates=False)
        left = response.do(assess_drift, target.name, f"attempt {attempt}, after the restore")
        response.do(publish_drift, left)
        must_be_clean(left)
        response.do(change_status, Status.MITIGATED, f"{target.name} runs what it should again")
    elif response.route.page:
        must_be_readable(found)


@flow(name="drift")
def assess() -> State[str]:
    """Check every target for drift, in parallel; open, extend or resolve its incident."""
    watches = {name: watch.submit(name) for name in load_settings().targets}
    outcomes, failures = [], []
    for name, future in watches.items():
        future.wait()
        if future.state.is_completed():
            outcomes.append(future.result())
        else:
            failures.append(f"{name}: {future.state.message}")
    if failures:
        raise RunbookFailed("drift could not be assessed: " + "; ".join(failures))
    return Completed(message=" | ".join(outcomes) or "no target is configured")
