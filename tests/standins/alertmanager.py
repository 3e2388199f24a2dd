"""Stand-in for Alertmanager's v2 API."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

from standins.server import Received, Reply
from standins.standin import StandIn, contract

TOKEN = "alertmanager-token-0123456789"
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Alertmanager(StandIn):
    """Keeps alerts by their labels; `now` can be moved to let an alert expire."""

    section = "alertmanager"

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[str, dict[str, Any]] = {}
        self.later = timedelta(0)

    def credentials(self) -> dict[str, str]:
        """The bearer token it asks for."""
        return {"token": TOKEN}

    @property
    def firing(self) -> list[dict[str, Any]]:
        """The alerts that have not ended."""
        now = datetime.now(UTC) + self.later
        return [a for a in self.alerts.values() if datetime.fromisoformat(a["endsAt"]) > now]

    def answer(self, request: Received) -> Reply:
        """Post and list alerts, and the status."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, b"Unauthorized\n", {"Content-Type": "text/plain"})
        match request.method, request.path:
            case "GET", "/api/v2/status":
                return Reply(200, _status())
            case "GET", "/api/v2/alerts":
                return Reply(200, [_gettable(alert) for alert in self.firing])
            case "POST", "/api/v2/alerts":
                return self._post(request)
        return Reply(404, {"code": 404, "message": f"path {request.path} was not found"})

    def _post(self, request: Received) -> Reply:
        problems = _problems(request)
        if problems:
            for problem in problems:
                self.violated(problem)
            return Reply(400, "; ".join(problems))
        for alert in request.json:
            # Alertmanager drops empty labels, and identifies an alert by the others.
            labels = {name: value for name, value in alert["labels"].items() if value}
            resolves = datetime.now(UTC) + timedelta(minutes=5)
            complete = {"endsAt": resolves.isoformat(), **alert, "labels": labels}
            self.alerts[json.dumps(labels, sort_keys=True)] = complete
        return Reply(200)


@cache
def _validator() -> Draft4Validator:
    """Swagger 2.0 schemas are JSON Schema draft 4."""
    description = contract("alertmanager-v2.openapi.yaml")
    schema = {"$ref": "#/definitions/postableAlerts", "definitions": description["definitions"]}
    return Draft4Validator(schema, format_checker=FormatChecker(["date-time"]))


def _problems(request: Received) -> list[str]:
    if request.headers.get("content-type") != "application/json":
        return ["the content type must be application/json"]
    alerts = request.json
    problems = [error.message for error in _validator().iter_errors(alerts)]
    if problems:
        return problems
    for alert in alerts:
        labels = alert["labels"]
        problems += [f"bad label name {n}" for n in labels if not _LABEL_NAME.fullmatch(n)]
        problems += [
            f"bad annotation {n}"
            for n in alert.get("annotations", {})
            if not _LABEL_NAME.fullmatch(n)
        ]
        if not any(labels.values()):
            problems.append("at least one label pair required")
        starts, ends = alert.get("startsAt"), alert.get("endsAt")
        if starts and ends and datetime.fromisoformat(starts) > datetime.fromisoformat(ends):
            problems.append("start time must be before end time")
    return problems


def _gettable(alert: dict[str, Any]) -> dict[str, Any]:
    return {
        **alert,
        "fingerprint": f"{abs(hash(json.dumps(alert['labels']))):016x}"[:16],
        "receivers": [{"name": "default"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        "updatedAt": alert["startsAt"],
    }


def _status() -> dict[str, Any]:
    names = ("version", "revision", "branch", "buildUser", "buildDate", "goVersion")
    return {
        "cluster": {"status": "disabled"},
        "versionInfo": {**dict.fromkeys(names, "stand-in"), "version": "0.25.0"},
        "config": {"original": ""},
        "uptime": "2026-11-24T00:00:00Z",
    }
