"""The sending side of the stand-in for Slack: buttons, forms and commands, signed as documented.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from standins.slack import Slack, SlackPost
from support import NO_TLS

SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
ADA, GRACE = "U0000ADA", "U000GRACE"


class SlackApp:
    """The app's requests to one intake."""

    def __init__(self, slack: Slack, url: str, secret: str = SIGNING_SECRET) -> None:
        self.slack = slack
        self.url = url
        self.secret = secret
        self._count = 0

    def type(
        self, text: str, user: str = ADA, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Somebody types `/aeef text`."""
        fields = {
            "token": "gIkuvaNzQIHg97ATvDxqgjtO",
            "team_id": "T0001", "team_domain": "example",
            "channel_id": "C00000000", "channel_name": "aeef-incidents",
            "user_id": user, "user_name": user.lower(),
            "command": "/aeef", "text": text, "api_app_id": "A123456",
            "response_url": self.response_url, "trigger_id": self._trigger(),
        }  # fmt: skip
        return self.send("/v1/slack/commands", urlencode(fields).encode(), headers=headers)

    def press(
        self, post: SlackPost, words: str, user: str = ADA, response_url: str | None = None
    ) -> httpx.Response:
        """Somebody presses the message's button with these words."""
        (block,) = (each for each in post.blocks if each["type"] == "actions")
        (button,) = (each for each in block["elements"] if each["text"]["text"] == words)
        return self.act(block["block_id"], button, user, response_url)

    def act(
        self, block_id: str, button: dict[str, Any], user: str = ADA, url: str | None = None
    ) -> httpx.Response:
        """Somebody presses a button, whether the message still has it or not."""
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": user.lower(), "name": user.lower(),
                     "team_id": "T0001"},
            "api_app_id": "A123456", "token": "gIkuvaNzQIHg97ATvDxqgjtO",
            "container": {"type": "message", "message_ts": "1790000000.000000",
                          "channel_id": "C00000000", "is_ephemeral": False},
            "trigger_id": self._trigger(),
            "team": {"id": "T0001", "domain": "example"},
            "channel": {"id": "C00000000", "name": "aeef-incidents"},
            "response_url": self.response_url if url is None else url,
            "actions": [{**button, "block_id": block_id, "action_ts": "1548426417.840180"}],
        }  # fmt: skip
        return self.interact(payload)

    def submit(self, view: dict[str, Any], user: str = ADA, **given: str) -> httpx.Response:
        """Somebody fills in a form and sends it."""
        elements = {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}
        values = {
            name: {element["action_id"]: _filled(element, given.get(name))}
            for name, element in elements.items()
        }
        payload = {
            "type": "view_submission",
            "team": {"id": "T0001", "domain": "example"},
            "user": {"id": user, "username": user.lower(), "name": user.lower()},
            "view": {**view, "id": "VNHU13V36", "hash": "156663117.cd33ad1f",
                     "state": {"values": values}},
        }  # fmt: skip
        return self.interact(payload)

    def interact(self, payload: dict[str, Any]) -> httpx.Response:
        """Send an interaction."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return self.send("/v1/slack/actions", body)

    def send(
        self,
        path: str,
        body: bytes,
        *,
        at: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a body, signed now (or then)."""
        stamp = str(int(time.time() if at is None else at))
        signed = hmac.new(self.secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
        given = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signed.hexdigest()}",
            **(headers or {}),
        }
        return httpx.post(
            self.url + path, content=body, headers=given, timeout=30, trust_env=False, verify=NO_TLS
        )

    @property
    def response_url(self) -> str:
        """Where an answer goes to; with Slack it is an address of hooks.slack.com."""
        return f"{self.slack.origin}/answers/{self._count}"

    def _trigger(self) -> str:
        self._count += 1
        return f"{self._count}.12466734323.1395872398"


def _filled(element: dict[str, Any], given: str | None) -> dict[str, Any]:
    if element["type"] == "static_select":
        chosen = given and {"text": {"type": "plain_text", "text": given}, "value": given}
        return {"type": "static_select", "selected_option": chosen or None}
    return {"type": "plain_text_input", "value": given}
