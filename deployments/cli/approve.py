"""`aeef approve`: list the hotfixes that wait for a person; approve or reject one."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import typer
from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from deployments.cli.terminal import plain
from schemas.approval import named_person
from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.store import open_store
from tasks.store.claim_keys import EMERGENCY_PATCH, RUN, runbook_key


class Waiting(NamedTuple):
    """An incident whose emergency patch waits for approval, and the waiting run."""

    incident: Incident
    run_id: UUID


def show_waiting(settings: Settings, *, as_json: bool) -> None:
    """List every hotfix that waits for approval."""
    store = open_store(settings)
    found = []
    for incident_id, _ in store.unfinished_claims(f"runbook:{EMERGENCY_PATCH}"):
        if waiting := _waiting(store.incident(incident_id), settings):
            found.append(waiting)
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {"incidentId": str(each.incident.incident_id), "runId": str(each.run_id)}
                    for each in found
                ]
            )
        )
        return
    for each in found:
        typer.echo(plain(f"{each.incident.incident_id}  {each.incident.title}"))
    if not found:
        typer.echo("nothing waits for approval")


def decide(
    settings: Settings, incident_id: str, *, approver: str, reject: bool, comment: str
) -> None:
    """Send the decision. Raises AeefError when nothing waits, or Prefect refuses it."""
    store = open_store(settings)
    incident = store.incident(incident_id)
    name = named_person(approver, f"the hotfix of {incident.title} is not decided on")
    waiting = _waiting(incident, settings)
    if waiting is None:
        raise AeefError(f"no hotfix of {incident.title} waits for approval")
    # Masked here, because Prefect stores the answer unchanged.
    answer = {
        "approve": not reject,
        "approver": name,
        "comment": store.masked_text(comment),
    }
    _resume(waiting.run_id, answer)
    verb = "rejected" if reject else "approved"
    typer.echo(plain(f"{verb}: the emergency patch of {incident.title} goes on"))


def _waiting(incident: Incident, settings: Settings) -> Waiting | None:
    claim = (
        open_store(settings)
        .claims(incident.incident_id)
        .get(runbook_key(incident, EMERGENCY_PATCH))
    )
    if claim is None or claim.holder is None or claim.state == "done":
        return None
    run_id = UUID(claim.holder.removeprefix(RUN))
    try:
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(run_id).state
    except ObjectNotFound:
        return None
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        raise AeefError(f"Prefect's server does not answer ({type(error).__name__})") from None
    return Waiting(incident, run_id) if state is not None and state.is_paused() else None


def _resume(run_id: UUID, answer: dict[str, Any]) -> None:
    try:
        with get_client(sync_client=True) as client:
            result = client.resume_flow_run(run_id, run_input=answer)
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        raise AeefError(f"Prefect did not take the answer ({type(error).__name__})") from None
    if result.status != SetStateStatus.ACCEPT:
        reason = getattr(result.details, "reason", None) or result.status
        raise AeefError(f"Prefect did not take the answer: {reason}")
