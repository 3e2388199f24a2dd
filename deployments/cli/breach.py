"""`aeef breach`: the regulatory clocks of an incident, and what people know about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from deployments.cli.terminal import plain, this_user
from schemas.breach import Change, Clock, Kind
from schemas.errors import InvalidInput, OutsideServiceError
from schemas.incident import CLOCKS_DIFFER, Incident
from schemas.model import utc_now
from schemas.settings import Settings, load_settings
from tasks.base.trim import clean
from tasks.breach.breach_facts import add_change, clocks_for, situation
from tasks.store import open_store

breach = typer.Typer(help="Regulatory clocks and notifications of a breach.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The number, as in #1284, or the id.")]
RegimeName = Annotated[str, typer.Argument(metavar="REGIME", help="For instance gdpr-33.")]
Name = Annotated[str, typer.Option("--by", help="Who says so; a person's name, for the record.")]
Moment = Annotated[
    str | None, typer.Option(metavar="TIME", help="ISO 8601 with a zone: 2026-11-24T10:00Z.")
]
YesOrNo = Annotated[bool | None, typer.Option(help="Leave it out when it is not known.")]
Number = Annotated[int | None, typer.Option(min=0, help="About how many.")]


@breach.command()
def clocks(incident_id: Id, as_json: AsJson = False) -> None:
    """List every regulatory clock with the time left; prepared for counsel, not legal advice."""
    settings = load_settings()
    _show(open_store(settings).incident(incident_id), settings, as_json=as_json)


@breach.command("set")
def set_facts(
    incident_id: Id,
    by: Annotated[str | None, typer.Option(help="Who says so; you, by default.")] = None,
    aware: Moment = None,
    discovered: Moment = None,
    classified_major: Moment = None,
    materiality: Moment = None,
    causal_link: Moment = None,
    people: Number = None,
    residents: Number = None,
    records: Number = None,
    high_risk: YesOrNo = None,
    death: YesOrNo = None,
    widespread: YesOrNo = None,
    malicious: YesOrNo = None,
    cross_border: YesOrNo = None,
    as_json: AsJson = False,
) -> None:
    """Set timestamps and facts of the breach; clocks and drafts follow them."""
    moments = {
        "aware": aware,
        "discovered": discovered,
        "classified-major": classified_major,
        "materiality": materiality,
        "causal-link": causal_link,
    }
    facts = {
        "people": people,
        "residents": residents,
        "records": records,
        "high-risk": high_risk,
        "death": death,
        "widespread": widespread,
        "malicious": malicious,
        "cross-border": cross_border,
    }
    _say(
        incident_id,
        {
            "kind": Kind.SET,
            "by": by or this_user(),
            "timestamps": {n: _moment(text, n) for n, text in moments.items() if text is not None},
            "facts": {name: value for name, value in facts.items() if value is not None},
        },
        as_json=as_json,
    )


@breach.command()
def submitted(
    incident_id: Id,
    regime: RegimeName,
    deadline: Annotated[str, typer.Argument(metavar="DEADLINE", help="For instance final.")],
    by: Name,
    at: Moment = None,
    as_json: AsJson = False,
) -> None:
    """Record that a notification was submitted: its clock stops, and the next one starts."""
    moment = _moment(at, "at") if at else utc_now()
    what = {"kind": Kind.SUBMITTED, "regime": regime, "deadline": deadline, "moment": moment}
    _say(incident_id, {**what, "by": by}, as_json=as_json)


@breach.command("not-applicable")
def not_applicable(
    incident_id: Id,
    regime: RegimeName,
    by: Name,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    as_json: AsJson = False,
) -> None:
    """Decide that a regime asks for nothing: "unless the risk is unlikely", for instance."""
    what = {"kind": Kind.NOT_APPLICABLE, "regime": regime, "reason": reason, "by": by}
    _say(incident_id, what, as_json=as_json)


@breach.command()
def reopen(
    incident_id: Id,
    regime: RegimeName,
    by: Name,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    deadline: Annotated[
        str | None, typer.Argument(metavar="[DEADLINE]", help="Take back that it was submitted.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take back `not-applicable`, or with a DEADLINE take back `submitted`."""
    what = {"kind": Kind.REOPENED, "regime": regime, "deadline": deadline, "reason": reason}
    _say(incident_id, {**what, "by": by}, as_json=as_json)


def _say(incident_id: str, what: dict[str, Any], *, as_json: bool) -> None:
    from tasks.breach.clocks.ring_clock import silence_clocks

    settings = load_settings()
    incident = open_store(settings).incident(incident_id)
    try:
        change = Change.model_validate({"said_at": utc_now(), **what})
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise InvalidInput(f"{where or 'aeef breach'}: {problem['msg']}") from None
    add_change(incident.incident_id, change, settings, actor=this_user())
    _show(incident, settings, as_json=as_json)
    try:
        silence_clocks(incident.incident_id, settings)
    except OutsideServiceError as error:
        typer.echo(plain(f"on record, but its page could not be resolved: {error}"), err=True)
        raise typer.Exit(1) from None


def _moment(text: str, option: str) -> datetime:
    """The time that a person gave; a clock must not start, or stop, at a time that is to come."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("a time must be as 2026-11-24T10:00Z") from None
    if moment.tzinfo is None:
        raise InvalidInput("a time needs its zone: 2026-11-24T10:00Z")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise InvalidInput("a time must be as 2026-11-24T10:00Z") from None
    said = f"--{option}: {moment:%Y-%m-%d %H:%M} UTC"
    if moment > (now := utc_now()) + CLOCKS_DIFFER:
        raise InvalidInput(f"{said} is in the future; it is {now:%Y-%m-%d %H:%M} UTC now")
    if moment.year < 2000:
        raise InvalidInput(f"{said} is before the year 2000")
    return moment


def _show(incident: Incident, settings: Settings, *, as_json: bool) -> None:
    now, found = utc_now(), clocks_for(incident, settings)
    known = situation(incident, settings)
    if as_json:
        listed = [{**clock.to_json(), "told": clock.in_words(now), "overdue": clock.is_overdue(now)}
                  for clock in found]  # fmt: skip
        typer.echo(json.dumps({"situation": known.to_json(), "clocks": listed}, indent=2))
        return
    typer.echo(plain(incident.title))
    for name, moment in known.timestamps.items():
        if ":" not in name:
            assumed = "  (assumed: when it was detected)" if name in known.assumed else ""
            typer.echo(f"  {name:<17} {moment:%Y-%m-%d %H:%M:%S} UTC{assumed}")
    for fact, value in known.facts.items():
        typer.echo(plain(f"  {fact:<17} {value}"))
    for clock in found:
        typer.echo(clean("\n".join(_lines(clock, now))))
    if not found:
        typer.echo("no regime is configured for this incident: set [breach] regimes in aeef.toml")
    else:
        typer.echo("prepared for counsel, not legal advice")


def _lines(clock: Clock, now: datetime) -> list[str]:
    deadline = clock.deadline
    return [
        f"{clock.key}: {clock.in_words(now)}",
        f"    due   {deadline.due_text} ({deadline.starts_from})",
        f"    to    {deadline.addressee}",
        f"    basis {deadline.legal_basis}, as of {deadline.as_of}",
        *(f"    note  {note}" for note in deadline.notes),
    ]
