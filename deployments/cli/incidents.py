"""`aeef incidents`: what is on record, here or at another machine's intake."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from deployments.cli.terminal import plain, this_user
from deployments.cli.verbs.way import is_remote, way
from schemas.errors import AeefError, InvalidInput
from schemas.figures.since import moment_of
from schemas.incident import AuditEntry, Incident
from schemas.lifecycle import Standing, lacks_lead
from schemas.lifecycle.filter import MOST, filter_of
from schemas.model import utc_now
from schemas.settings import load_settings
from tasks.channels.inbox import Kept
from tasks.notify.show_proposal import proposal_of
from tasks.store import ListedAlert, open_store
from tasks.store.automation.said import said_of_all

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
    status: Annotated[str, typer.Option(help="One or several, separated by commas.")] = "",
    severity: Annotated[str, typer.Option(help="One or several, separated by commas.")] = "",
    incident_type: Annotated[
        str, typer.Option("--type", help="One or several, separated by commas.")
    ] = "",
    service: Annotated[str, typer.Option(help="Which is affected.")] = "",
    since: Annotated[str, typer.Option(help="Detected then or later: 2026-11-24T10:00Z.")] = "",
    q: Annotated[str, typer.Option("--q", help="Words that stand in it.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List incidents, newest first."""
    if for_review:
        found = _for_review(limit, open_only=open_only)
    else:
        given = {"severity": severity, "type": incident_type, "service": service, "q": q}
        given |= {"status": "going-on"} if open_only else {"status": status}
        given |= {"since": since} if since else {}
        found = _pages(given, limit)
    if as_json:
        typer.echo(json.dumps([each["incident"] for each in found], indent=2))
        return
    if not is_remote():
        for line in said_of_all(load_settings()):
            typer.echo(plain(line))
    for each in found:
        incident = incident_in(each)
        since = f"{incident.detected_at:%Y-%m-%d %H:%M:%S}"
        owner = each["standing"].get("owner")
        has_it = f"  ({owner})" if owner else ""
        typer.echo(plain(f"{since}  {incident.status:<13}  {incident.title}{has_it}"))
    if not found:
        typer.echo("no incidents")


def _pages(given: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """As many as are wanted: the API gives a thousand at once."""
    there, found = way(), list[dict[str, Any]]()
    while len(found) < limit:
        last = {"before": found[-1]["incident"]["incidentId"]} if found else {}
        wanted = filter_of({**given, **last, "limit": min(limit - len(found), MOST)})
        more = there.incidents(wanted)
        found += more
        if len(more) < wanted.limit:
            break
    return found


def _for_review(limit: int, *, open_only: bool) -> list[dict[str, Any]]:
    """What the routes of this machine's settings leave to the review."""
    if is_remote():
        raise InvalidInput("--for-review works on the host itself: its routes are settings there")
    from tasks.people.in_full import beside

    settings = load_settings()
    of = settings.reviewed_severities
    found = open_store(settings).incidents(open_only=open_only, limit=limit, to_review=of)
    return [{"incident": each.to_json(), **beside(each, settings)} for each in found]


@incidents.command()
def show(incident_id: Id, as_json: AsJson = False) -> None:
    """Show one incident with its timeline."""
    data = way().incident(incident_id)
    if as_json:
        typer.echo(json.dumps(data, indent=2))
        return
    for line in describe(data):
        typer.echo(line)


@incidents.command()
def export(
    incident_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="The number, or the id; not with --since.")
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            help="All that were detected then or later (30d, 2026-11-01), one JSON record a line."
        ),
    ] = "",
    until: Annotated[str, typer.Option(help="With --since: detected before then.")] = "",
    output: Annotated[
        Path | None, typer.Option(help="Write to this file instead of the terminal.")
    ] = None,
) -> None:
    """Export the record: JSON, valid against the spec's incident schema. Who did is on record.

    Beside the spec's fields `aeef` has the times of each occurrence.
    """
    if bool(incident_id) is bool(since):
        raise InvalidInput("give the ID of an incident, or --since for all from then on")
    if since:
        lines = (json.dumps(each) + "\n" for each in _exported(since, until))
    else:
        lines = (each for each in [json.dumps(way().export(incident_id), indent=2) + "\n"])
    if output is None:
        for line in lines:
            typer.echo(line, nl=False)
        return
    try:
        with output.open("w", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        raise AeefError(f"{output} cannot be written: {error.strerror}") from None


def _exported(since: str, until: str) -> Iterator[dict[str, Any]]:
    if is_remote():
        raise InvalidInput("--since works on the host itself; elsewhere export them one by one")
    from tasks.incident.export import exported_since

    settings, now = load_settings(), utc_now()
    then = moment_of(since, now), moment_of(until, now, "until") if until else now
    return exported_since(*then, open_store(settings), this_user(), settings)


def incident_in(data: dict[str, Any]) -> Incident:
    """The incident of the API's data, with what stands beside its record."""
    beside = ("number", "typeSource", "guessedFrom", "occurrence", "relapsedAt", "isDrill")
    more = {name: data[name] for name in beside if data.get(name) is not None}
    return Incident.model_validate({**data["incident"], **more})


def describe(data: dict[str, Any]) -> list[str]:
    """An incident as lines for a person."""
    incident = incident_in(data)
    timeline = [AuditEntry.model_validate(each) for each in data["timeline"]]
    lines = [
        incident.title,
        f"  id        {incident.incident_id}",
        f"  status    {incident.status}",
        f"  detected  {incident.detected_at:%Y-%m-%d %H:%M:%S} UTC",
        *_occurrence(incident),
        f"  services  {', '.join(incident.affected_services) or 'none named'}",
        f"  type      {incident.kind_in_full}; {incident.type_source.in_words}",
        *_people(incident, Standing.model_validate(data["standing"])),
        *([f"  review    {review['said']}"] if (review := data.get("review")) else []),
        *([f"  {data['automation']}"] if data["automation"] else []),
        *([f"  {incident.waits_for}"] if incident.waits_for_word else []),
        f"  {incident.description or 'no description'}",
        *_alerts([ListedAlert.from_json(each) for each in data["alerts"]]),
        *_inbox([Kept.model_validate(each) for each in data["inbox"]]),
        *_actions(data.get("correctiveActions", ())),
        "timeline:",
        *(f"  {entry.timestamp:%H:%M:%S}  {entry.action}  ({entry.actor})" for entry in timeline),
    ]
    return [plain(line) for line in lines]


def _actions(actions: Iterable[dict[str, Any]]) -> list[str]:
    lines = [f"  {_action(each)}" for each in actions]
    return ["corrective actions:", *lines] if lines else []


def _action(each: dict[str, Any]) -> str:
    if why := each.get("cannotBeRead"):
        return str(why)
    return f"{each['reference']}  {each['stands']}: {each['text']}"


def _people(incident: Incident, standing: Standing) -> list[str]:
    """Who has it, who leads, what is proposed, how it ended, what belongs to it."""
    lines = []
    if standing.owner and (since := standing.owner_since):
        lines.append(f"  owner     {standing.owner}, since {since:%Y-%m-%d %H:%M} UTC")
    if standing.lead:
        lines.append(f"  lead      {standing.lead}")
    elif lacks_lead(incident, standing):
        lines.append(f"  lead      nobody yet: `aeef lead {incident.short_id}`")
    if proposed := proposal_of(incident, standing):
        lines.append(f"  {proposed}")
    if standing.reviewed_as and standing.reviewed_as.is_worse_than(incident.severity):
        lines.append(f"  review    that of a {standing.reviewed_as}, which it was")
    if standing.disposition:
        into = f", merged into {standing.merged_into}" if standing.merged_into else ""
        lines.append(f"  ended as  {standing.disposition}{into}")
    if standing.related:
        lines.append(f"  linked    {', '.join(map(str, standing.related))}")
    return lines


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
