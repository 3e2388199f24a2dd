"""Client of PagerDuty's Events API v2: triggers, acknowledges and resolves an incident's alert.

https://developer.pagerduty.com/docs/send-alert-event. The incident id is the dedup key, so the
same event sent again changes nothing: every call is safe to repeat.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import httpx
from pydantic import BaseModel, Field, SecretStr

from schemas.errors import PermanentError
from schemas.escalation.contact import ON_CALL
from schemas.incident import Incident, Severity, route_for
from schemas.links import links_for
from schemas.settings import Settings
from tasks.base.http import Answer, Service, Unclear, send
from tasks.base.trim import clean, one_line, trim
from tasks.channels.pagerduty.keys import dedup_key
from tasks.channels.text import text_of, what_to_do
from tasks.store.claim_keys import contact_of, people_of

SERVICE = Service("PagerDuty", "AEEF_PAGERDUTY__ROUTING_KEY (and AEEF_PAGERDUTY__URL)")
CLIENT = "AEEF Runbooks"
SOURCE = "aeef-monitoring"
COMPONENT = "governance"
"""Both as in the spec, "PagerDuty Integration"."""

ROUTING_KEY_LENGTH = 32
"""https://developer.pagerduty.com/docs/send-alert-event#parameters"""
SUMMARY_LIMIT = 1024
"""https://developer.pagerduty.com/docs/send-alert-event#payload-object-parameters"""
NAME_LIMIT = 255
"""Ours: PagerDuty gives none for group and class."""
BODY_LIMIT = 512_000
"""Bytes: "512 KB", read the strict way. https://developer.pagerduty.com/docs/events-api-v2-overview"""
DETAIL_LIMITS = (20_000, 4_000, 500)
"""Limits for each detail, in characters: the first with which the body fits is used."""

SEVERITIES: dict[Severity, str] = {
    Severity.P1: "critical",
    Severity.P2: "error",
    Severity.P3: "warning",
    Severity.P4: "info",
}
"""The spec's `map_severity_to_pd`."""


class _Accepted(BaseModel):
    status: Literal["success"]
    dedup_key: str | None = Field(default=None, repr=False)


def configured(settings: Settings, about: str = "") -> bool:
    """True when there is a routing key."""
    return routing_key_of(about, settings) is not None


def routing_key_of(about: str, settings: Settings) -> SecretStr | None:
    """The routing key of a page: a breach team's or a contact's own key, if it has one."""
    called = settings.contacts.get(contact_of(about) or "")
    if called and called.pagerduty_routing_key:
        return called.pagerduty_routing_key
    teams = {"security": settings.breach.page.security, "privacy": settings.breach.page.privacy}
    on_call = settings.contacts.get(ON_CALL)
    own = on_call.pagerduty_routing_key if on_call else None
    key = teams.get(people_of(about)) or settings.pagerduty.routing_key
    return own if key is None else key


def trigger(
    incident: Incident,
    settings: Settings,
    *,
    reason: str | None = None,
    about: str = "",
    details: Mapping[str, str] | None = None,
    tries: int = 3,
) -> dict[str, str]:
    """Page the on-call; a repetition updates the same alert. Returns `{"dedupKey": …}`.

    about: identifies a separate alert of the incident, which rings even if the first was taken.
    reason: what it is about, in the line that is read out, instead of the incident's description.
    details: more for the alert's table; values are trimmed when the event gets too large.
    Raises TemporaryError or PermanentError.
    """
    links = links_for(incident, settings)
    todo = what_to_do(incident, settings, about=about, to=contact_of(about) or "")
    summary = text_of(incident, settings, SUMMARY_LIMIT, todo=todo, reason=reason)
    event: dict[str, Any] = {
        "payload": payload_of(incident, summary),
        "client": CLIENT,
        "client_url": links.incident,
        "links": [
            {"href": links.incident, "text": "Incident record"},
            {"href": links.run, "text": "Prefect flow run"},
        ],
    }
    for limit in DETAIL_LIMITS:
        event["payload"]["custom_details"] = _details(incident, settings, details or {}, limit)
        if _size(event) <= BODY_LIMIT:
            break
    else:
        shortened = {"note": "more details were left out: the event was too large"}
        event["payload"]["custom_details"] = _details(incident, settings, shortened, limit)
    return _enqueue("trigger", incident, settings, event, about=about, tries=tries)


def acknowledge(
    incident: Incident, settings: Settings, *, about: str = "", tries: int = 3
) -> dict[str, str]:
    """Report that somebody has taken the page. Raises TemporaryError or PermanentError."""
    return _enqueue("acknowledge", incident, settings, {}, about=about, tries=tries)


def resolve(
    incident: Incident, settings: Settings, *, about: str = "", tries: int = 3
) -> dict[str, str]:
    """Report that the incident is over. Raises TemporaryError or PermanentError."""
    return _enqueue("resolve", incident, settings, {}, about=about, tries=tries)


def check(settings: Settings) -> str:
    """Check that the key looks valid and the API is reachable; one line for `aeef doctor`.

    The API has no check that does not page. Raises TemporaryError or PermanentError.
    """
    secret = routing_key_of("", settings)
    if secret is None:
        raise SERVICE.not_configured()
    _require_length(secret, settings, "page the on-call")
    url = settings.pagerduty.url

    def build(client: httpx.Client) -> httpx.Request:
        return client.build_request("GET", url)

    send(
        SERVICE, build, settings,
        doing="be reached", read=lambda _answer: None, tries=1, also_read=range(300, 600),
    )  # fmt: skip
    return f"{url} answers; the key is proven by the first page"


def _require_length(secret: SecretStr, settings: Settings, doing: str) -> None:
    if len(secret.get_secret_value()) != ROUTING_KEY_LENGTH:
        raise PermanentError(
            SERVICE.name,
            f"could not {doing}: {_setting_of(secret, settings)} must have {ROUTING_KEY_LENGTH}"
            " characters (the Integration Key of an Events API v2 integration)",
        )


def _setting_of(secret: SecretStr, settings: Settings) -> str:
    if secret is settings.pagerduty.routing_key:
        return "AEEF_PAGERDUTY__ROUTING_KEY"
    if any(secret is contact.pagerduty_routing_key for contact in settings.contacts.values()):
        return "a contact's pagerduty_routing_key"
    return "AEEF_BREACH__PAGE__SECURITY or AEEF_BREACH__PAGE__PRIVACY"


def payload_of(incident: Incident, summary: str) -> dict[str, Any]:
    """What is shown and read out; its details are added by `trigger`."""
    return {
        "summary": summary,
        "timestamp": incident.began_at.isoformat(),
        "severity": SEVERITIES[incident.severity],
        "source": SOURCE,
        "component": COMPONENT,
        "group": trim(one_line(incident.service), NAME_LIMIT),
        "class": trim(one_line(incident.type), NAME_LIMIT),
    }


def _details(
    incident: Incident, settings: Settings, more: Mapping[str, str], limit: int
) -> dict[str, str]:
    """The details below the summary; ours take precedence over the same names in `more`."""
    phone = route_for(incident.severity, incident.type, settings.routes).phone
    ours = {
        "incident": str(incident.incident_id),
        "service": incident.service,
        "severity": incident.severity.value,
        "status": incident.status.value,
        "phone": "must ring" if phone else "need not ring",
        "description": incident.description,
    }
    if incident.automation:
        ours["automation"] = incident.automation
    return {one_line(k)[:limit]: trim(clean(v), limit) for k, v in {**more, **ours}.items()}


def _size(event: Mapping[str, Any]) -> int:
    """Bytes as sent, with escapes, and with room for the dedup key and routing key."""
    return len(json.dumps(event).encode()) + 1_000


def _enqueue(
    action: Literal["trigger", "acknowledge", "resolve"],
    incident: Incident,
    settings: Settings,
    event: Mapping[str, Any],
    *,
    about: str,
    tries: int,
) -> dict[str, str]:
    doing = "page the on-call" if action == "trigger" else f"{action} the page"
    secret = routing_key_of(about, settings)
    if secret is None:
        raise SERVICE.not_configured()
    _require_length(secret, settings, doing)
    key = dedup_key(incident.incident_id, about)

    def build(client: httpx.Client) -> httpx.Request:
        keys = {
            "routing_key": secret.get_secret_value(),
            "event_action": action,
            "dedup_key": key,
        }
        url = f"{settings.pagerduty.url.rstrip('/')}/v2/enqueue"
        return client.build_request("POST", url, json={**keys, **event})

    def read(answer: Answer) -> dict[str, str]:
        accepted = _Accepted.model_validate_json(answer.text)
        if accepted.dedup_key not in (None, key):
            raise answer.error("it took the event under another dedup key", kind=Unclear)
        return {"dedupKey": key}

    return send(SERVICE, build, settings, doing=doing, read=read, tries=tries)
