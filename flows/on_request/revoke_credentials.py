"""Runbook: a person asks that a target's credentials be revoked."""

from __future__ import annotations

from functools import partial

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parts.runbook import Response, name_run, this_run_id
from schemas.settings import load_settings
from tasks.breach.revoke_credentials import plan_revocation
from tasks.breach.revoke_credentials import revoke_credentials as revoke
from tasks.store import open_store


@flow(name="revoke-credentials", persist_result=True)
def revoke_credentials(
    target: str, incident_id: str = "", dry_run: bool = False, requested_by: str = "operator"
) -> State[str] | str:
    """Run the target's revocation commands that have not succeeded yet for this incident.

    dry_run: only return which commands there are; needs no incident.
    """
    settings = load_settings()
    named = settings.target(target)
    if dry_run:
        return plan_revocation(named)
    incident = open_store(settings).incident(incident_id)
    name_run(incident)
    response = Response(incident, this_run_id(), settings, "revoke-credentials")
    return response.carry_out(partial(response.do, revoke, named.name, requested_by))
