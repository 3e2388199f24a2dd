"""`aeef approve`: list what waits for people; approve or reject one of them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from deployments.cli.terminal import plain, this_user
from schemas.approval import named_person
from schemas.approvals import Approval, State, missing
from schemas.errors import InvalidInput, NotPossibleNow
from schemas.people import Actor, local_user
from schemas.settings import Settings, load_settings
from tasks.approvals.decide import waiting_for
from tasks.approvals.require import NO_PROOF
from tasks.approvals.rules import knows_approvers
from tasks.people.acts import perform
from tasks.store import open_store


def approve(
    incident_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="Without one: list what waits.")
    ] = None,
    approver: Annotated[
        str, typer.Option(help="A name, for the record: only where no approvers are configured.")
    ] = "",
    reject: Annotated[bool, typer.Option("--reject", help="It is not done.")] = False,
    which: Annotated[
        str, typer.Option(help="Of several: its id, or what it is of, such as 'restore'.")
    ] = "",
    break_glass: Annotated[
        bool, typer.Option("--break-glass", help="Alone, now; it is reviewed. Needs --comment.")
    ] = False,
    comment: Annotated[str, typer.Option(help="Why; for the record.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Approve, or reject, what waits for people: a hotfix, a restore, the release of a freeze."""
    settings = load_settings()
    if incident_id is None:
        show_waiting(settings, as_json=as_json)
        return
    incident = open_store(settings).incident(incident_id)
    approval = waiting_for(incident, settings, which)
    actor = _actor(approval, approver, settings)
    typer.echo(plain(approval.question.shown))
    given: dict[str, Any] = {
        "approval": str(approval.id),
        "shown": approval.question.digest,
        "reason": comment or ("rejected by command" if reject else ""),
    }
    if break_glass and not reject:
        given["break_glass"] = True
    done = perform("reject" if reject else "approve", incident_id, given, actor, settings)
    typer.echo(plain(done.said))
    if done.problem:
        raise NotPossibleNow(f"on record, but: {done.problem}")


def show_waiting(settings: Settings, *, as_json: bool) -> None:
    """List everything that waits for approval, or for the review of a broken glass."""
    store = open_store(settings)
    found = [
        each for each in store.approvals.pending() if each.state is State.WAITING or each.review_due
    ]
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in found], indent=2))
        return
    for each in found:
        incident = store.incident(each.incident_id)
        typer.echo(plain(f"{incident.incident_id}  {incident.title}"))
        typer.echo(plain(f"  {str(each.id)[:8]}  {each.title}: {_wants(each)}"))
        typer.echo(plain(f"      {each.question.shown}"))
    if not found:
        typer.echo("nothing waits for approval")


def _wants(approval: Approval) -> str:
    if approval.review_due:
        return f"to be reviewed, granted by {approval.approved_by}"
    until = f"{approval.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"waits for {missing(approval)}, until {until}"


def _as_json(approval: Approval) -> dict[str, Any]:
    question = approval.question
    return {
        "approval": str(approval.id),
        "incidentId": str(approval.incident_id),
        "what": question.what,
        "subject": question.subject,
        "shown": question.shown,
        "digest": question.digest,
        "missing": missing(approval),
        "reviewDue": approval.review_due,
        "expiresAt": approval.expires_at.isoformat(),
        "runId": str(question.carried.run_id) if question.carried.run_id else None,
    }


def _actor(approval: Approval, approver: str, settings: Settings) -> Actor:
    """Whoever is at this machine: by the name that they give, where that may count at all."""
    if knows_approvers(settings):
        if approver.strip():
            raise InvalidInput(f"the {approval.title} is not decided on: {NO_PROOF}")
        return local_user(this_user())
    return local_user(named_person(approver, f"the {approval.title} is not decided on"))
