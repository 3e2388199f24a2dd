"""`aeef incidents`, `ack` and `resolve`: what is on record, and changing its status."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from deployments.cli.terminal import plain, this_user
from schemas.errors import AeefError, OutsideServiceError
from schemas.incident import AuditEntry, Incident, Status
from schemas.settings import load_settings
from schemas.validation import validate
from tasks.channels.inbox import Kept, kept_for
from tasks.store import ListedAlert, open_store
from tasks.store.automation.said import said_of, said_of_all

MOST_ALERTS = 20

incidents = typer.Typer(help="List, show and export incidents.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The number, as in #1284, or the id.")]


@incidents.command("list")
def list_incidents(
    open_only: Annotated[bool, typer.Option("--open", help="Only those not over.")] = False,
    for_review: Annotated[
        bool,
        typer.Option(
            "--for-review",
            help="Only what waits for the monthly review: neither paged nor a ticket.",
        ),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List incidents, newest first."""
    settings = load_settings()
    of = settings.reviewed_severities if for_review else None
    found = open_store(settings).incidents(open_only=open_only, limit=limit, to_review=of)
    if as_json:
        typer.echo(json.dumps([incident.to_json() for incident in found], indent=2))
        return
    for line in said_of_all(settings):
        typer.echo(plain(line))
    for incident in found:
        since = f"{incident.detected_at:%Y-%m-%d %H:%M:%S}"
        typer.echo(plain(f"{since}  {incident.status:<13}  {incident.title}"))
    if not found:
        typer.echo("no incidents")


@incidents.command()
def show(incident_id: Id, as_json: AsJson = False) -> None:
    """Show one incident with its timeline."""
    settings = load_settings()
    store = open_store(settings)
    incident = store.incident(incident_id)
    automation = said_of(incident, settings)
    timeline = store.timeline(incident.incident_id)
    inbox = kept_for(incident.incident_id, settings)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "incident": incident.to_json(),
                    "number": incident.number,
                    "typeSource": incident.type_source.value,
                    "guessedFrom": incident.guessed_from or None,
                    "occurrence": incident.occurrence,
                    "automation": automation or None,
                    "inbox": [each.to_json() for each in inbox],
                    "alerts": [each.to_json() for each in store.alerts(incident.incident_id)],
                    "timeline": [entry.to_json() for entry in timeline],
                },
                indent=2,
            )
        )
        return
    alerts = store.alerts(incident.incident_id)
    for line in describe(incident, timeline, automation, alerts, inbox):
        typer.echo(line)


@incidents.command()
def export(
    incident_id: Id,
    output: Annotated[
        Path | None, typer.Option(help="Write to this file instead of the terminal.")
    ] = None,
) -> None:
    """Export the record: JSON, valid against the spec's incident schema."""
    record = open_store(load_settings()).incident(incident_id).to_json()
    validate("incident", record)
    text = json.dumps(record, indent=2) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise AeefError(f"{output} cannot be written: {error.strerror}") from None


def ack(incident_id: Id, as_json: AsJson = False) -> None:
    """Acknowledge: you take the incident, and nobody else is paged."""
    from tasks.notify.stand_down import acknowledge_page

    settings = load_settings()
    store = open_store(settings)
    incident = store.acknowledge(incident_id, actor=this_user())
    _show(incident, as_json)
    _update_page(lambda: acknowledge_page(incident.incident_id, settings), "acknowledged")


def resolve(
    incident_id: Id,
    root_cause: Annotated[str | None, typer.Option(help="What it was, for the record.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is over.")] = "",
    as_json: AsJson = False,
) -> None:
    """Resolve: the incident is over, and its page is resolved everywhere."""
    from tasks.notify.stand_down import resolve_page

    settings = load_settings()
    store = open_store(settings)
    user = this_user()
    if root_cause:
        store.update(incident_id, actor=user, root_cause=root_cause)
    incident = store.set_status(
        incident_id, Status.RESOLVED, actor=user, automated=False, reason=reason
    )
    _show(incident, as_json)
    _update_page(
        lambda: resolve_page(incident.incident_id, settings, holder=f"cli {uuid4()}"), "resolved"
    )


def describe(
    incident: Incident,
    timeline: list[AuditEntry],
    automation: str,
    alerts: Sequence[ListedAlert] = (),
    inbox: Sequence[Kept] = (),
) -> list[str]:
    """An incident as lines for a person."""
    lines = [
        incident.title,
        f"  id        {incident.incident_id}",
        f"  status    {incident.status}",
        f"  detected  {incident.detected_at:%Y-%m-%d %H:%M:%S} UTC",
        *_occurrence(incident),
        f"  services  {', '.join(incident.affected_services) or 'none named'}",
        f"  type      {incident.kind_in_full}; {incident.type_source.in_words}",
        *([f"  {automation}"] if automation else []),
        *([f"  {incident.waits_for}"] if incident.waits_for_word else []),
        f"  {incident.description or 'no description'}",
        *_alerts(alerts),
        *_inbox(inbox),
        "timeline:",
        *(f"  {entry.timestamp:%H:%M:%S}  {entry.action}  ({entry.actor})" for entry in timeline),
    ]
    return [plain(line) for line in lines]


def _alerts(alerts: Sequence[ListedAlert]) -> list[str]:
    """The alerts, when there is more than the one that opened it."""
    total = sum(each.times for each in alerts)
    if total <= 1:
        return []
    more = len(alerts) - MOST_ALERTS
    lines = [f"  {each.line}" for each in alerts[:MOST_ALERTS]]
    rest = [f"  and {more} more kinds of alert: --json shows all"] if more > 0 else []
    return [f"alerts ({total}), newest first:", *lines, *rest]


def _inbox(kept: Sequence[Kept]) -> list[str]:
    """What would have left, where only the local inbox is on."""
    lines = [f"  {each.at:%H:%M:%S}  {line}" for each in kept for line in each.text.splitlines()]
    return ["in the local inbox, for no pager is configured:", *lines] if lines else []


def _occurrence(incident: Incident) -> list[str]:
    if incident.relapsed_at is None:
        return []
    return [
        f"  relapsed  {incident.relapsed_at:%Y-%m-%d %H:%M:%S} UTC, this is occurrence"
        f" {incident.occurrence}"
    ]


def _show(incident: Incident, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(incident.to_json(), indent=2))
    else:
        typer.echo(plain(f"{incident.title}: {incident.status}"))


def _update_page(update: Callable[[], None], done: str) -> None:
    """Update the page. If that fails, the record stays changed and the exit code is 1."""
    try:
        update()
    except OutsideServiceError as error:
        typer.echo(plain(f"on record, but the page could not be {done}: {error}"), err=True)
        raise typer.Exit(1) from None
