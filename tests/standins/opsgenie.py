"""Stand-in for OpsGenie's alert API, as Alertmanager's native receiver speaks to it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jsonschema import Draft4Validator

from standins.server import Received, Reply
from standins.standin import StandIn, contract

KEY = "opsgenie-key-0123456789"
_CLOSE = re.compile(r"/v2/alerts/([^/]+)/close")


class OpsGenie(StandIn):
    """Keeps alerts by alias; `created` and `closed` count what changed someone's night."""

    section = "opsgenie"

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, dict[str, Any]] = {}
        self.created = 0
        self.closed = 0

    def answer(self, request: Received) -> Reply:
        """Create (deduplicated by alias), or close by alias."""
        if request.headers.get("authorization") != f"GenieKey {KEY}":
            return Reply(403, {"message": "Key format is not valid!"})
        closing = _CLOSE.fullmatch(request.path)
        if request.method == "POST" and closing:
            if self.open.pop(closing[1], None) is not None:
                self.closed += 1
            return _accepted()
        if (request.method, request.path) == ("POST", "/v2/alerts"):
            for problem in _create_payload().iter_errors(request.json):
                self.violated(problem.message)
            alias = request.json.get("alias", "")
            self.created += alias not in self.open
            self.open[alias] = request.json
            return _accepted()
        return Reply(404, {"message": f"no {request.method} {request.path}"})


def _accepted() -> Reply:
    return Reply(202, {"result": "Request will be processed", "took": 0.1, "requestId": "1"})


@cache
def _create_payload() -> Draft4Validator:
    description = contract("opsgenie-alerts.swagger.json")
    return Draft4Validator(
        {"$ref": "#/definitions/CreateAlertPayload", "definitions": description["definitions"]}
    )
