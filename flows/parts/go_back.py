"""Rolls back to a release that is proven good."""

from __future__ import annotations

from functools import partial

from flows.parts.response import Response
from schemas.errors import AeefError, RollbackError
from schemas.incident import Status
from schemas.settings import Target
from tasks.incident.change_status import change_status
from tasks.isolation.preserve_service_state import preserve_before_rollback
from tasks.recovery.authority import refuse_alteration
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
    deployed = roll_back(
        response.do,
        target,
        response.settings,
        to_commit,
        recreate=recreate,
        before=partial(_before, response, target),
    )
    if mitigates:
        healthy = ", healthy" if deployed.verified else ""
        serves = f"{target.name} {deployed.does} {deployed.commit[:12]}{healthy}"
        response.do(change_status, Status.MITIGATED, serves)


def _before(response: Response, target: Target) -> None:
    """Keep what runs as evidence: it will not be there tomorrow, whoever changes it.

    What cannot be kept is on record, and holds up no rollback. Raises Withheld where nothing may be
    altered before the authority is informed.
    """
    if target.compose_file or target.how_to_isolate.evidence_command:
        try:
            response.do(preserve_before_rollback, target.name)
        except (AeefError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            response.note(f"not all of what runs is kept as evidence before the rollback: {why}")
    refuse_alteration(response.incident, target, response.settings)
