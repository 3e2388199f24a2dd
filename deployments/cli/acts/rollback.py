"""`aeef rollback`: the procedure of the rollback runbook in this process, without Prefect."""

from __future__ import annotations

from functools import partial

from deployments.cli.acts.by_hand import carry_out, show, show_progress
from deployments.cli.terminal import this_user
from schemas.settings import Settings
from tasks.do import Directly
from tasks.incident.open_by_hand import open_for_rollback
from tasks.rollback.roll_back import dry_run_text, rehearse_rollback, roll_back_on_request
from tasks.store import open_store


def roll_back(
    settings: Settings,
    target_name: str | None,
    to_commit: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Roll back and record it; `dry_run` prints the plan and changes nothing.

    Raises what went wrong, mostly RollbackError, after the on-call was paged.
    """
    target = settings.target(target_name)
    if dry_run:
        plan = rehearse_rollback(target, settings.home, to_commit)
        show(plan, dry_run_text(plan), as_json=as_json)
        return
    if not as_json:
        show_progress()
    user = this_user()
    incident = open_for_rollback(target.name, user, settings)
    do = Directly(str(incident.incident_id), user)
    deployed = carry_out(
        partial(roll_back_on_request, do, target, settings, user, to_commit),
        incident,
        f"rollback by {user}",
        settings,
    )
    incident = open_store(settings).incident(incident.incident_id)
    said = f"{target.name} {deployed.does} {deployed.commit}; on record as {incident.title}"
    show(incident, said, as_json=as_json)
