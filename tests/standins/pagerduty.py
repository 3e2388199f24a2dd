"""Stand-in for PagerDuty's Events API v2."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from standins.server import Received, Reply
from standins.standin import StandIn, contract

ROUTING_KEY = "R0123456789ABCDEF0123456789ABCDE"
SECURITY_KEY, PRIVACY_KEY = "S" * 32, "P" * 32
"""Of the teams that a data breach pages."""
VP_KEY, LEAD_KEY = "V" * 32, "L" * 32
"""Of people whom an escalation reaches."""
LIMITS = {"summary": 1024}


@dataclass
class PagerDutyAlert:
    """One alert, as its dedup key identifies it."""

    dedup_key: str
    routed: str = ROUTING_KEY
    state: Literal["triggered", "acknowledged", "resolved"] = "triggered"
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of the newest trigger."""
        return next(e["payload"] for e in reversed(self.events) if e["event_action"] == "trigger")


class PagerDuty(StandIn):
    """Keeps alerts by dedup key; `pages` counts how often someone was called."""

    section = "pagerduty"

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[str, PagerDutyAlert] = {}
        self.pages = 0
        self.changes: list[dict[str, Any]] = []
        """Change events, which ring nobody."""
        self.keys = {ROUTING_KEY, SECURITY_KEY, PRIVACY_KEY, VP_KEY, LEAD_KEY}

    def credentials(self) -> dict[str, str]:
        """The routing key it knows."""
        return {"routing_key": ROUTING_KEY}

    def answer(self, request: Received) -> Reply:
        """Check and apply an event, as `POST /v2/enqueue`."""
        is_change = request.path == "/v2/change/enqueue"
        if request.method != "POST" or (request.path != "/v2/enqueue" and not is_change):
            return Reply(404, {"status": "not found", "message": request.path})
        problems = _contract_problems(request)
        problems += _change_problems(request) if is_change else _documented_problems(request)
        if problems:
            for problem in problems:
                self.violated(problem)
            return _invalid(problems)
        event = request.json
        if event["routing_key"] not in self.keys:
            return _invalid(["Invalid routing key"])
        if is_change:
            self.changes.append(event["payload"])
            return Reply(202, {"status": "success", "message": "Change event processed"})
        key = event.get("dedup_key") or f"made-up-{len(self.alerts)}"
        self._apply(key, event)
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _apply(self, key: str, event: dict[str, Any]) -> None:
        alert = self.alerts.get(key)
        if event["event_action"] == "trigger":
            if alert is None or alert.state == "resolved":
                alert = self.alerts[key] = PagerDutyAlert(key, event["routing_key"])
                self.pages += 1
        elif alert is None or alert.state == "resolved" or alert.routed != event["routing_key"]:
            return  # PagerDuty accepts it, and nothing happens
        else:
            resolved = event["event_action"] == "resolve"
            alert.state = "resolved" if resolved else "acknowledged"
        alert.events.append({k: v for k, v in event.items() if k != "routing_key"})


def _invalid(problems: list[str]) -> Reply:
    return Reply(
        400,
        {"status": "invalid event", "message": "Event object is invalid", "errors": problems},
    )


@cache
def _openapi() -> OpenAPI:
    description = contract("pagerduty-events-v2.openapi.json")
    # Its answers 400 and 429 are plain strings where references were meant.
    for operations in description["paths"].values():
        operations["post"]["responses"] = {"202": {"description": "accepted"}}
    return OpenAPI.from_dict(description)


def _contract_problems(request: Received) -> list[str]:
    asked = MockRequest(
        "https://events.pagerduty.com",
        "post",
        request.path,
        data=request.body,
        content_type=request.headers.get("content-type", ""),
    )
    try:
        _openapi().validate_request(asked)
    except OpenAPIError as error:
        details = getattr(error.__cause__, "schema_errors", None) or [error.__cause__ or error]
        return [str(detail) for detail in details]
    return []


def _change_problems(request: Received) -> list[str]:
    """What the documentation of change events says and the OpenAPI file does not."""
    summary = str(request.json["payload"].get("summary", ""))
    return [] if 0 < len(summary) <= LIMITS["summary"] else ["summary is empty, or too long"]


def _documented_problems(request: Received) -> list[str]:
    """What the documentation says and the OpenAPI file does not."""
    event = request.json
    if not isinstance(event, dict):
        return ["not a JSON object"]
    problems = []
    if len(request.body) > 512 * 1024:
        problems.append("body is over 512 KB")
    if len(str(event.get("routing_key", ""))) != 32:
        problems.append("routing_key must have 32 characters")
    if len(event.get("dedup_key") or "") > 255:
        problems.append("dedup_key is over 255")
    if event.get("event_action") == "trigger":
        if "payload" not in event:
            problems.append("payload is missing (must be present for trigger)")
    elif not event.get("dedup_key"):
        problems.append("dedup_key is missing")
    payload = event.get("payload") or {}
    problems += [
        f"{name} is longer than {limit}"
        for name, limit in LIMITS.items()
        if len(str(payload.get(name) or "")) > limit
    ]
    return problems
