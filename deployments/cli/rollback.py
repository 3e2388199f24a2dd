"""`aeef rollback`: the steps of the rollback runbook in this process, with no orchestrator."""

from __future__ import annotations

import json
import logging
from uuid import uuid4

import typer

from deployments.cli.terminal import plain
from deployments.cli.user import this_user
from schemas.errors import AeefError
from schemas.incident import Status
from schemas.settings import Settings
from tasks.incident.open_incident import open_for_rollback
from tasks.notify.page_on_call import ensure_page
from tasks.rollback.choose_release import choose_release
from tasks.rollback.roll_back import choose_rollback, deploy_rollback, note_rollback
from tasks.store import open_store
from tasks.store.sanitize import sanitized
from tasks.target.lock import target_lock


def roll_back(
    settings: Settings,
    target_name: str | None,
    to_commit: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Roll back, on record; `dry_run` prints the plan and changes nothing.

    Raises what went wrong, mostly RollbackError, after the on-call was paged.
    """
    target = settings.target(target_name)
    if dry_run:
        plan = choose_release(target, to_commit)
        would = f"would roll {target.name} back to {plan.to_commit}: {plan.chosen_because}"
        typer.echo(json.dumps(plan.to_json(), indent=2) if as_json else would)
        return
    if not as_json:
        show_progress()
    who = this_user()
    incident = open_for_rollback(target.name, who, str(uuid4()), settings, by_hand=True)
    incident_id = str(incident.incident_id)
    store = open_store(settings)
    try:
        with target_lock(target, settings.home, waiting=logging.getLogger("aeef").info):
            plan = choose_rollback.directly(incident_id, target.name, to_commit)
            deployed = deploy_rollback.directly(incident_id, plan)
            note_rollback.directly(incident_id, plan, deployed)
    except (Exception, KeyboardInterrupt) as error:
        why = str(error) if isinstance(error, AeefError) else type(error).__name__
        page_failure(incident_id, settings, sanitized(f"rollback by {who} FAILED: {why}", settings))
        raise
    incident = store.set_status(
        incident_id, Status.RESOLVED, actor="aeef-runbooks", reason="the rollback is complete"
    )
    typer.echo(
        json.dumps(incident.to_json(), indent=2)
        if as_json
        else f"{target.name} serves {deployed.commit}; on record as {incident.title}"
    )


def page_failure(incident_id: str, settings: Settings, reason: str) -> None:
    """Page the on-call, once for the incident; when nobody can be reached, say so."""
    try:
        ensure_page(
            incident_id, settings, holder=f"cli {uuid4()}", key="page:failed:by-hand", reason=reason
        )
    except AeefError as error:
        typer.echo(plain(f"error: {error}"), err=True)


def show_progress() -> None:
    """Print what the steps log."""
    progress = logging.StreamHandler()
    progress.setFormatter(logging.Formatter("  %(message)s"))
    log = logging.getLogger("aeef")
    log.addHandler(progress)
    log.setLevel(logging.INFO)
    log.propagate = False
