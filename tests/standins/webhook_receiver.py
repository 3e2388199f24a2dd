"""Somebody's receiver of our events: verifies each as the two specifications say, and keeps it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import Any

from standins.server import Received, Reply
from standins.standin import StandIn

SECRET = "whsec_" + base64.b64encode(b"a secret of 32 bytes, for tests!").decode()
TOLERANCE = 300
ATTRIBUTE = re.compile(r"[a-z0-9]+")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class WebhookReceiver(StandIn):
    """Takes each event once, and says what is wrong with it."""

    section = "webhooks"

    def __init__(self, secret: str = SECRET) -> None:
        super().__init__()
        self.secret = secret
        self.events: list[dict[str, Any]] = []

    def credentials(self) -> dict[str, str]:
        """The secret that signs."""
        return {"secret": self.secret}

    @property
    def names(self) -> list[str]:
        """The names of what came, in order."""
        return [str(each["type"]).removeprefix("aeef.incident.") for each in self.events]

    def answer(self, request: Received) -> Reply:
        """204 for what is signed and well made."""
        if not self._is_signed(request):
            return Reply(401, {"message": self.violated("the signature is wrong")})
        event = request.json
        problems = list(_problems(event, request))
        if problems:
            return Reply(400, {"message": self.violated("; ".join(problems))})
        if event["id"] not in [each["id"] for each in self.events]:
            self.events.append(event)
        return Reply(204)

    def _is_signed(self, request: Received) -> bool:
        stamp = request.headers.get("webhook-timestamp", "")
        if not stamp.isdecimal() or abs(time.time() - int(stamp)) > TOLERANCE:
            return False
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{request.headers.get('webhook-id')}.{stamp}.".encode() + request.body
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = request.headers.get("webhook-signature", "").split(" ")
        return any(each.startswith("v1,") and each[3:] == wanted for each in given)


def _problems(event: Any, request: Received) -> list[str]:
    if request.headers.get("content-type", "").partition(";")[0] != "application/cloudevents+json":
        return ["the content type is not that of an event"]
    found = [
        f"{name} is missing"
        for name in ("specversion", "id", "source", "type", "time", "subject", "data")
        if not event.get(name)
    ]
    if event.get("specversion") != "1.0":
        found.append("another version")
    if event.get("id") != request.headers["webhook-id"]:
        found.append("the id differs from the header's")
    if not RFC_3339.fullmatch(str(event.get("time"))):
        found.append("the time is none")
    return found + [f"{name!r} is no name" for name in event if not ATTRIBUTE.fullmatch(name)]
