"""Rolls back to a release that is proven good."""

from __future__ import annotations

from flows.parts.response import Response
from schemas.errors import RollbackError, Withheld
from schemas.incident import Status
from tasks.incident.change_status import change_status
from tasks.isolation.preserve_service_state import preserve_service_state
from tasks.rollback.roll_back import roll_back


def go_back(
    response: Response,
    to_commit: str | None = None,
    *,
    recreate: bool = False,
    mitigates: bool = True,
) -> None:
    """Roll back the target of the incident's service, as `roll_back` does.

    mitigates: set the status to mitigated; False when something else must be contained too.
    Raises Withheld when the automation may not do it; RollbackError with the stage at which it
    stopped, and what runs now.
    """
    target = response.target
    if target is None:
        raise RollbackError(
            "choose target",
            f"service '{response.incident.service}' belongs to no configured target; add it to"
            " `services` of a [targets.NAME] table in aeef.toml",
        )
    try:
        deployed = roll_back(response.do, target, response.settings, to_commit, recreate=recreate)
    except Withheld as error:
        if error.needs_person and (target.compose_file or target.how_to_isolate.evidence_command):
            # Whoever takes over will change it: what runs now may not be there tomorrow.
            response.do(preserve_service_state, target.name, (), "instead-of-rollback")
        raise
    if mitigates:
        healthy = ", healthy" if deployed.verified else ""
        serves = f"{target.name} {deployed.does} {deployed.commit[:12]}{healthy}"
        response.do(change_status, Status.MITIGATED, serves)
