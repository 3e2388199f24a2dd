"""`aeef rollback`: the procedure of the runbooks without Prefect, for an incident or a target."""

from __future__ import annotations

from functools import partial

from deployments.cli.acts.by_hand import carry_out, show, show_progress
from deployments.cli.terminal import this_actor, this_user
from deployments.cli.verbs.verbs import show as show_done
from deployments.cli.verbs.way import is_remote, way
from schemas.errors import InvalidInput
from schemas.settings import Settings, load_settings
from tasks.do import Directly
from tasks.incident.open_by_hand import open_for_rollback
from tasks.people.act import Hand
from tasks.people.procedures.beside import one_target
from tasks.people.procedures.roll_back import ROLL_BACK
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


def roll_back_for(
    incident_id: str, target: str, to_commit: str, *, dry_run: bool, as_json: bool
) -> None:
    """Roll back the target of an incident, in that incident: with a token there, else here.

    Raises what went wrong, after the on-call was paged.
    """
    if dry_run and is_remote():
        raise InvalidInput(
            "--dry-run: what it would do is on the incident's page, under Roll back; nothing was"
            " done"
        )
    if dry_run:
        settings = load_settings()
        hand = Hand(incident_id, this_actor(), settings)
        of, began = one_target(hand, target), hand.incident.began_at
        plan = rehearse_rollback(of, settings.home, to_commit or None, began)
        show(plan, dry_run_text(plan), as_json=as_json)
        return
    if not as_json and not is_remote():
        show_progress()
    given = {"target": target, "toCommit": to_commit}
    show_done(way().do(ROLL_BACK.name, incident_id, given), as_json=as_json)
