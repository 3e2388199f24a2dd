"""Publishes a run's report in Prefect: what happened, what was done, what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.incident import Incident
from schemas.lifecycle import how_to_resolve
from schemas.links import links_for
from schemas.settings import Settings
from tasks.base.markdown import literal
from tasks.incident.artifacts import markdown_artifact


def publish_report(incident: Incident, failures: Sequence[str], settings: Settings) -> None:
    """Make the Markdown artifact `incident-<id>`; Prefect shows the newest version first."""
    markdown_artifact(
        key=f"incident-{incident.incident_id}",
        markdown=report(incident, failures, settings),
        description=literal(incident.title),
    )


def report(incident: Incident, failures: Sequence[str], settings: Settings) -> str:
    """The report as Markdown."""
    links = links_for(incident, settings)
    done = "\n".join(
        f"| {action.timestamp:%H:%M:%S} | {literal(action.actor)} | {literal(action.action)} |"
        for action in incident.actions_taken
    )
    return f"""# {literal(incident.title)}

**{_headline(incident, failures)}**

## What happened
{literal(incident.description) or "No description was given."}

Detected {_detected(incident)}, status **{incident.status}**.
[Incident record]({links.incident})

## What was done
| UTC | by | action |
|---|---|---|
{done}

## What to do next
{_next(incident, failures)}
"""


def _detected(incident: Incident) -> str:
    first = f"{incident.detected_at:%Y-%m-%d %H:%M:%S} UTC"
    if incident.relapsed_at is None:
        return first
    again = f"{incident.relapsed_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{first}, occurrence {incident.occurrence} since {again}"


def _headline(incident: Incident, failures: Sequence[str]) -> str:
    if failures:
        return "The automation did NOT complete: take over by hand."
    if incident.status.is_over:
        return "Over."
    return "The automation completed."


def _next(incident: Incident, failures: Sequence[str]) -> str:
    lines = [f"- **Failed:** {literal(failure)}" for failure in failures]
    if failures:
        lines.append("- Remove the cause, then press **Retry**: only what did not complete runs.")
    if not incident.status.is_over:
        lines.append(f"- Take it: `aeef ack {incident.short_id}`")
        lines.append(f"- When it is over: `{how_to_resolve(incident)}`")
    else:
        lines.append("- Nothing.")
    return "\n".join(lines)
