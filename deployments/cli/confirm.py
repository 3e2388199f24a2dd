"""`aeef confirm`: a person says whether a guessed type is right; the runbook goes on."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from deployments.cli.terminal import plain, this_actor, this_user
from deployments.cli.verbs.verbs import show
from deployments.cli.verbs.way import is_remote, way
from deployments.prefect_server.settings import use_prefect
from schemas.incident import Incident, IncidentType
from schemas.links import links_for
from schemas.settings import Settings, load_settings
from tasks.approvals.confirming import require_for_confirm
from tasks.store import Answer, open_store
from tasks.store.automation.said import said_of
from tasks.store.claim_keys import runbook_key

LOOKS = 20
LOOK_SECONDS = 0.25
"""How long to look whether a run has started. The intake announces it within a second."""

Id = Annotated[str, typer.Argument(metavar="ID", help="The number, as in #1284, or the id.")]


def confirm(
    incident_id: Id,
    no: Annotated[bool, typer.Option("--no", help="It is none of what was guessed.")] = False,
    incident_type: Annotated[
        IncidentType | None, typer.Option("--type", help="It is of this type instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say that a guessed type is right: what waits for it (isolate, freeze, revoke, …) goes on."""
    if no and incident_type:
        raise typer.BadParameter("give --no or --type, not both")
    if is_remote():
        given = {"no": no, **({"type": incident_type.value} if incident_type else {})}
        show(way().do("confirm", incident_id, given), as_json=as_json)
        return
    settings = load_settings()
    use_prefect(settings)
    store = open_store(settings)
    said = IncidentType.UNKNOWN if no else incident_type
    require_for_confirm(store.incident(incident_id), said, this_actor(), settings)
    answer = store.answer(incident_id, said, actor=this_user())
    outcome = _outcome(answer, settings)
    if as_json:
        shown = answer.incident.to_json() | {"typeSource": answer.incident.type_source.value}
        shown |= {"isNew": answer.is_new, "outcome": outcome}
        typer.echo(json.dumps(shown, indent=2))
    else:
        typer.echo(plain(outcome))


def _outcome(answer: Answer, settings: Settings) -> str:
    """What has come of it, as far as it was seen."""
    incident = answer.incident
    if not answer.is_new:
        said = next(
            each for each in incident.actions_taken[::-1] if each.action.startswith("type ")
        )
        by = f"{said.actor} at {said.timestamp:%Y-%m-%d %H:%M:%S} UTC"
        return (
            f"{incident.title} was answered before, by {by}: {said.action}; nothing is done again"
        )
    if not answer.starts:
        return (
            f"on record: {incident.title}. Nothing is isolated, frozen, revoked or suspended for"
            " it, and no other runbook starts"
        )
    if _has_started(incident, settings):
        run = links_for(incident, settings).run
        automation = said_of(incident, settings)
        but = f". It changes nothing by itself: {automation}" if automation else ""
        return f"confirmed: {incident.title}. Its runbook goes on: {run}{but}"
    late = f"On record, but NO RUN HAS STARTED YET: {_why(settings)}. It goes on by itself then"
    now = f". To contain it now: `aeef isolate --incident {incident.short_id}`"
    is_isolated = incident.type != IncidentType.AGENT_VIOLATION  # which is suspended, in Prefect
    return f"confirmed: {incident.title}. {late}{now if is_isolated else ''}"


def _has_started(incident: Incident, settings: Settings) -> bool:
    """True as soon as a run has claimed the incident's runbook."""
    for _ in range(LOOKS):
        claim = open_store(settings).claims(incident.incident_id).get(runbook_key(incident))
        if claim is not None and claim.state != "free":
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _why(settings: Settings) -> str:
    from deployments.dispatcher.prefect_state import server_problem

    if problem := server_problem():
        return problem
    if open_store(settings).pending_events():
        return "its event is not sent yet; does the intake run (`aeef up`)?"
    return "every worker is busy, or none runs (`aeef doctor`)"
