"""Goes back to a release that is proven good."""

from __future__ import annotations

from flows.parts.runbook import Response
from schemas.errors import RollbackError
from schemas.incident import Status
from tasks.incident.change_status import change_status
from tasks.rollback.roll_back import (
    choose_rollback,
    deploy_rollback,
    note_rollback,
    one_rollback_at_a_time,
)


def go_back(
    response: Response,
    to_commit: str | None = None,
    *,
    recreate: bool = False,
    mitigates: bool = True,
) -> None:
    """Put the last known good release, or the one named, in place of the failing one.

    recreate: even if it runs already, because its configuration has drifted.
    mitigates: the incident is mitigated by it; not when something else has to be contained too.
    Raises RollbackError that says at which stage it stopped, and what runs now.
    """
    target = response.target
    if target is None:
        raise RollbackError(
            "choose target",
            f"service '{response.incident.service}' belongs to no configured target; add it to"
            " `services` of a [targets.NAME] table in aeef.toml",
        )
    with one_rollback_at_a_time(target, response.settings):
        plan = response.do(choose_rollback, target.name, to_commit)
        plan = plan.model_copy(update={"recreate": recreate})
        deployed = response.do(deploy_rollback, plan)
        response.do(note_rollback, plan, deployed)
    if mitigates:
        serves = f"{target.name} serves {deployed.commit[:12]}, healthy"
        response.do(change_status, Status.MITIGATED, serves)
