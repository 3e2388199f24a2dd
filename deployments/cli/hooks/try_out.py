"""What a body would come to: read and triaged as at the intake, and nothing is opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from deployments.intake.senders.hooks.read import read_body
from deployments.intake.senders.received import Received
from schemas.errors import InvalidInput
from schemas.hooks import Hook
from schemas.incident import DEFAULT_ROUTES, Alert, Triage, classify
from schemas.settings import Settings


class Tried(NamedTuple):
    """What a body came to."""

    alerts: list[tuple[Received, Triage, bool]]
    """Each alert, its triage, and whether somebody would be paged for it."""
    ignored: str
    problems: list[str]


def try_out(name: str, hook: Hook, body: bytes, settings: Settings) -> Tried:
    """Read a body by a hook's mapping; what cannot be read is a problem, not an error."""
    try:
        heard = read_body(name, hook, body)
    except InvalidInput as error:
        return Tried([], "", [str(error)])
    alerts = []
    for received in heard.received:
        triage = classify(received.alert, settings.rules, settings.default_severities)
        route = settings.routes.get(triage.severity, DEFAULT_ROUTES[triage.severity])
        alerts.append((received, triage, route.page))
    return Tried(alerts, heard.ignored, list(heard.problems))


def in_words(tried: Tried) -> Iterator[str]:
    """Line by line, for people."""
    for received, triage, pages in tried.alerts:
        alert = received.alert
        yield "would RESOLVE the incident of:" if received.is_over else "would OPEN, or attach to:"
        source = f" (guessed from {triage.guessed_from})" if triage.guessed_from else ""
        yield f"  type         {triage.type}{source}"
        yield f"  severity     {triage.severity}{', pages' if pages else ', pages nobody'}"
        yield f"  service      {alert.service or '- (set `service`, so that a target is found)'}"
        yield f"  description  {' '.join(alert.description.split())[:200]}"
        yield f"  detected     {_moment(alert)}"
        yield f"  key          {alert.dedup_key}"
        for kind, values in (("label", alert.labels), ("detail", alert.details)):
            for name, value in values.items():
                yield f"  {kind:<12} {name} = {' '.join(str(value).split())[:120]}"
    if tried.ignored:
        yield f"would be IGNORED: {tried.ignored}"
    for problem in tried.problems:
        yield f"would be REFUSED: {problem}"
    yield "nothing was opened"


def _moment(alert: Alert) -> str:
    if "detected_at" not in alert.model_fields_set:
        return "when it comes in"
    return f"{alert.detected_at:%Y-%m-%d %H:%M:%S} UTC"


def as_json_of(tried: Tried) -> dict[str, Any]:
    """For programs."""
    return {
        "alerts": [
            {
                **received.alert.to_json(),
                "state": "over" if received.is_over else "firing",
                "type": triage.type.value,
                "severity": triage.severity.value,
                "typeSource": triage.source.value,
                "pages": pages,
            }
            for received, triage, pages in tried.alerts
        ],
        "ignored": tried.ignored or None,
        "problems": tried.problems,
    }
