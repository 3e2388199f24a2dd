"""Runbook: people approve that deployments on a target are allowed again."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parts.response import Response
from flows.parts.run_name import name_run, this_run_id
from schemas.settings import load_settings
from tasks.approvals.rules import knows_people
from tasks.deploy.freeze_target import release, release_question
from tasks.store import open_store


@flow(name="release-freeze", persist_result=True)
def release_freeze(
    target: str, incident: str, approver: str = "", requested_by: str = ""
) -> State[str]:
    """Release the freeze of a target for one incident, once that is approved.

    approver: a name, where nobody is configured who may approve; otherwise leave it empty: the run
    asks, and waits for their signatures. requested_by: the person who starts it, whose own
    signature does not count.
    """
    settings = load_settings()
    named, store = settings.target(target), open_store(settings)
    found = store.incident(incident)
    name_run(found)
    response = Response(found, this_run_id(), settings, "release-freeze")
    under = ""
    if knows_people(settings) and not approver:
        question = release_question(named, response.id, settings, requested_by)
        approval = response.approval(question)
        if not approval.is_granted:
            return Completed(message=f"{named.name} stays frozen", name="Rejected")
        under = str(approval.id)
    alert = store.alert(response.id)
    return response.carry_out(lambda: release(response.do, alert, named.name, approver, under))
