"""The sending side of the stand-in for PagerDuty: webhooks v3, signed, as it documents them.

https://developer.pagerduty.com/docs/webhooks-overview
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from standins.pagerduty import PagerDuty, PagerDutyAlert
from support import NO_TLS

SECRET = "webhook-secret-0123456789abcdef"
ADA = {"id": "PADA001", "type": "user_reference", "summary": "Ada Lovelace"}
GRACE = {"id": "PGRACE1", "type": "user_reference", "summary": "Grace Hopper"}
OURSELVES = {"id": "PINTEGR", "type": "events_api_v2_inbound_integration_reference",
             "summary": "AEEF Runbooks"}  # fmt: skip
STATE_AFTER = {"acknowledged": "acknowledged", "unacknowledged": "triggered",
               "resolved": "resolved", "reopened": "triggered"}  # fmt: skip


class Webhooks:
    """A webhook subscription of an account, which sends to one address."""

    def __init__(self, pagerduty: PagerDuty, url: str, *secrets: str) -> None:
        self.pagerduty = pagerduty
        self.url = url
        self.secrets = secrets or (SECRET,)

    def press(
        self, kind: str, key: str, agent: dict[str, str] | None = ADA, **more: Any
    ) -> httpx.Response:
        """Somebody does this to the incident of the alert with this dedup key."""
        alert = self.pagerduty.alerts[key]
        if kind in STATE_AFTER:
            alert.state = STATE_AFTER[kind]  # type: ignore[assignment]
        return self.deliver(event_of(kind, incident_of(alert), agent, **more))

    def annotate(
        self, key: str, content: str, agent: dict[str, str] | None = ADA
    ) -> httpx.Response:
        """Somebody writes a note, which only refers to the incident."""
        incident = incident_of(self.pagerduty.alerts[key])
        note = {
            "incident": {**_reference(incident), "type": "incident_reference"},
            "id": "P2LA89X",
            "content": content,
            "trimmed": False,
            "type": "incident_note",
        }
        return self.deliver(event_of("annotated", note, agent))

    def deliver(
        self, event: dict[str, Any], secrets: Sequence[str] | None = None, **headers: str
    ) -> httpx.Response:
        """Send an event, once."""
        body = json.dumps({"event": event}).encode()
        signed = signature_of(body, self.secrets if secrets is None else secrets)
        given = {"Content-Type": "application/json", "X-PagerDuty-Signature": signed, **headers}
        return httpx.post(
            self.url, content=body, headers=given, timeout=30, trust_env=False, verify=NO_TLS
        )


def signature_of(body: bytes, secrets: Sequence[str]) -> str:
    """One for each secret."""
    made = (hmac.new(each.encode(), body, hashlib.sha256).hexdigest() for each in secrets)
    return ",".join(f"v1={each}" for each in made)


def event_of(
    kind: str,
    data: dict[str, Any],
    agent: dict[str, str] | None = ADA,
    *,
    at: datetime | None = None,
    event_id: str | None = None,
) -> dict[str, Any]:
    """An event about an incident."""
    return {
        "id": event_id or str(uuid4()),
        "event_type": f"incident.{kind}",
        "resource_type": "incident",
        "occurred_at": (at or datetime.now(UTC)).isoformat(timespec="milliseconds"),
        "agent": agent and {**agent, "html_url": "https://acme.pagerduty.com/users/x",
                            "self": "https://api.pagerduty.com/users/x"},
        "client": {"name": "PagerDuty"} if agent else None,
        "data": data,
    }  # fmt: skip


def incident_of(alert: PagerDutyAlert, **changes: Any) -> dict[str, Any]:
    """The incident that PagerDuty makes of an alert."""
    their_id = "Q" + hashlib.sha256(alert.dedup_key.encode()).hexdigest()[:13].upper()
    return {
        "id": their_id,
        "type": "incident",
        "self": f"https://api.pagerduty.com/incidents/{their_id}",
        "html_url": f"https://acme.pagerduty.com/incidents/{their_id}",
        "number": 2,
        "status": alert.state,
        "incident_key": alert.dedup_key,
        "created_at": "2026-04-09T15:16:27Z",
        "title": alert.payload["summary"],
        "service": {"id": "PF9KMXH", "summary": "AEEF", "type": "service_reference"},
        "assignees": [ADA],
        "escalation_policy": {"id": "PUS0KTE", "summary": "Default",
                              "type": "escalation_policy_reference"},
        "teams": [],
        "priority": {"id": "PSO75BM", "summary": "P1", "type": "priority_reference"},
        "urgency": "high",
        "conference_bridge": None,
        "resolve_reason": None,
        **changes,
    }  # fmt: skip


def _reference(incident: dict[str, Any]) -> dict[str, Any]:
    return {"id": incident["id"], "self": incident["self"], "html_url": incident["html_url"],
            "summary": incident["title"]}  # fmt: skip
