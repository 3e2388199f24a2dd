"""`aeef approve`: list what waits for people; approve or reject one of them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from deployments.cli.terminal import plain, this_actor
from deployments.cli.verbs.verbs import show
from deployments.cli.verbs.way import is_remote, way
from schemas.approval import named_person
from schemas.approvals import Approval
from schemas.errors import InvalidInput
from schemas.lifecycle.filter import Filter
from schemas.people import Actor, local_user
from schemas.settings import Settings, load_settings
from tasks.approvals.decide import waiting_for
from tasks.approvals.listed import approval_data, waits
from tasks.approvals.require import NO_PROOF
from tasks.approvals.rules import knows_people
from tasks.people.acts import perform
from tasks.people.in_full import done_in_full
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
    if incident_id is None:
        show_waiting(as_json=as_json)
        return
    given: dict[str, Any] = {"approval": which, "reason": comment}
    if break_glass and not reject:
        given["break_glass"] = True
    if reject and not comment:
        given["reason"] = "rejected by command"
    act = "reject" if reject else "approve"
    if is_remote():
        show(_remotely(act, incident_id, given), as_json=as_json)
        return
    settings = load_settings()
    incident = open_store(settings).incident(incident_id)
    approval = waiting_for(incident, settings, which)
    typer.echo(plain(approval.question.shown), err=as_json)
    given |= {"approval": str(approval.id), "shown": approval.question.digest}
    done = perform(act, incident_id, given, _actor(approval, approver, settings), settings)
    show(done_in_full(done, settings), as_json=as_json)


def _remotely(act: str, incident_id: str, given: dict[str, Any]) -> dict[str, Any]:
    """Over the API, for exactly the text that it shows now."""
    wanted = given["approval"]
    named = [
        each
        for each in way().incident(incident_id)["approvals"]
        if not wanted or each["what"] == wanted or each["approval"].startswith(wanted)
    ]
    if len(named) == 1:
        typer.echo(plain(named[0]["shown"]), err=True)
        given |= {"approval": named[0]["approval"], "shown": named[0]["digest"]}
    return way().do(act, incident_id, given)


def show_waiting(*, as_json: bool) -> None:
    """List everything that waits for approval, or for the review of a broken glass."""
    found = _waiting()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for each in found:
        until = each["expiresAt"][:16].replace("T", " ")
        wants = "to be reviewed" if each["reviewDue"] else f"until {until} UTC"
        needs = f" ({each['missing']})" if each["missing"] else ""
        title = f"{each['approval'][:8]}  {each['title']}"
        typer.echo(plain(f"{each['incidentId']}  {title}: {wants}{needs}"))
        typer.echo(plain(f"  {each['shown']}"))
    if not found:
        typer.echo("nothing waits for approval")


def _waiting() -> list[dict[str, Any]]:
    if is_remote():
        open_ones = way().incidents(Filter.model_validate({"status": "going-on"}))
        return [waits for each in open_ones for waits in each["approvals"]]
    settings = load_settings()
    found = open_store(settings).approvals.pending()
    return [approval_data(each, settings) for each in found if waits(each)]


def _actor(approval: Approval, approver: str, settings: Settings) -> Actor:
    """Whoever is at this machine: by the name that they give, where that may count at all."""
    if knows_people(settings):
        if approver.strip():
            raise InvalidInput(f"the {approval.title} is not decided on: {NO_PROOF}")
        return this_actor()
    return local_user(named_person(approver, f"the {approval.title} is not decided on"))
