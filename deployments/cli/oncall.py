"""`aeef oncall`: who would be called for each severity, and at which moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from deployments.cli.terminal import plain
from schemas.escalation import EscalationState, StepKind, length, next_step
from schemas.incident import DEFAULT_ROUTES, Escalation, Route, Severity, Status
from schemas.model import utc_now
from schemas.settings import Settings, load_settings
from tasks.channels.channels import find_channel


def oncall(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show who would be called for P1 to P4 if it began now, and when. Nobody is called."""
    settings = load_settings()
    rows = [row for severity in Severity for row in _rows(severity, settings, utc_now())]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        repeats = f"; again after {row['repeats']}" if row["repeats"] else ""
        line = f"{row['severity']}  {row['at']}  {row['after']:>12}  {row['calls']}"
        typer.echo(plain(f"{line} by {', '.join(row['by']) or 'NOBODY'}{repeats}"))


def _rows(severity: Severity, settings: Settings, now: datetime) -> Iterator[dict[str, Any]]:
    """What would happen, as rows: when, whom, and how they are reached."""
    route = settings.routes.get(severity, DEFAULT_ROUTES[severity])

    def row(at: datetime, calls: str, by: list[str], repeats: str = "") -> dict[str, Any]:
        moment = at.isoformat(timespec="seconds")
        after = length(at - now) if at > now else "at once"
        return {"severity": severity.value, "at": moment, "after": after, "calls": calls, "by": by,
                "repeats": repeats or None}  # fmt: skip

    if route.page:
        yield row(now, "on-call", _on_call(severity, route, settings))
    state = EscalationState(incident_id=UUID(int=0), severity=severity, occurrence=1, began_at=now)
    steps = max(1, sum(level.after is not None for level in route.escalation))
    for done in range(steps):
        step = next_step(
            state.model_copy(update={"done": done}), Status.OPEN, route, settings.business_days
        )
        if step is None:
            break
        by = (
            _by(step.level, severity, route, settings)
            if step.kind is StepKind.LEVEL
            else ["a reminder"]
        )
        again = length(route.escalation_repeat) if route.escalation_repeat else ""
        to = step.level.to if step.level else "on-call"
        yield row(step.due, to, by, again if done == steps - 1 else "")
    if not route.page and not route.remind:
        yield row(now, route.escalates_to, ["`aeef incidents list --for-review`"])
    if route.page and route.mitigate_within:
        yield row(now + route.mitigate_within, "who took it, if not mitigated", ["still on it?"])


def _on_call(severity: Severity, route: Route, settings: Settings) -> list[str]:
    channels = [channel for name in route.page_channels if (channel := find_channel(name))]
    reaching = [each for each in channels if not each.is_to_try]
    return [each.title for each in reaching if each.covers(severity, settings)]


def _by(
    level: Escalation | None, severity: Severity, route: Route, settings: Settings
) -> list[str]:
    contact = settings.contact(level.to) if level else None
    if contact and contact.has_address:
        return contact.by
    return [f"{each} of the on-call" for each in _on_call(severity, route, settings)]
