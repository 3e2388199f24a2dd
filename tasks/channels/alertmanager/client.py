"""Client of Alertmanager's v2 API; its own OpsGenie receiver forwards (spec, "OpsGenie").

https://prometheus.io/docs/alerting/latest/clients/. An alert is identified by its labels. The
severity is one of them, because routes choose the receiver by it. So when an incident's severity
rises, it gets a new alert, which notifies at once. The old alert expires after `HOLDS_FOR`, as it
is no longer sent, or ends at once by `resolve` with the earlier version of the incident.
For one severity the labels are always the same: every call is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx
from pydantic import BaseModel, Field, TypeAdapter

from schemas.incident import DRILL, Incident
from schemas.links import links_for
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.base.http import Answer, Service, send
from tasks.base.trim import clean, one_line, trim
from tasks.channels.text import text_of

SERVICE = Service("Alertmanager", "AEEF_ALERTMANAGER__URL (and AEEF_ALERTMANAGER__TOKEN)")
ALERTNAME = "AEEFIncident"
INCIDENT_LABEL = "aeef_incident_id"
OCCURRENCE_LABEL = "aeef_occurrence"
"""From the second occurrence of an incident on."""
HOLDS_FOR = timedelta(minutes=15)
"""An alert that is not re-sent ends after this time; without `endsAt` after 5 minutes.

https://prometheus.io/docs/alerting/latest/configuration/#file-layout-and-global-settings
"""
SUMMARY_LIMIT = 130
"""OpsGenie's message. https://docs.opsgenie.com/docs/alert-api#create-alert"""
DESCRIPTION_LIMIT = 15_000
"""OpsGenie's description, the same page."""
LABEL_LIMIT = 200
"""Ours: also the limit of a service's name in an alert."""

_NOTHING = TypeAdapter(dict[str, object])


class _Version(BaseModel):
    version: str


class _Status(BaseModel):
    version_info: _Version = Field(alias="versionInfo")


def configured(settings: Settings) -> bool:
    """True when there is a URL."""
    return settings.alertmanager.url is not None


def firing(incident: Incident, settings: Settings, *, tries: int = 3) -> None:
    """Raise the incident's alert, or keep it active: call again before `HOLDS_FOR` ends.

    Raises TemporaryError or PermanentError.
    """
    post(incident, settings, ends_at=utc_now() + HOLDS_FOR, tries=tries)


def resolve(incident: Incident, settings: Settings, *, tries: int = 3) -> None:
    """End the incident's alert at its severity. Raises TemporaryError or PermanentError."""
    post(incident, settings, ends_at=utc_now(), tries=tries)


def post(incident: Incident, settings: Settings, *, ends_at: datetime, tries: int = 3) -> None:
    """Post the incident's alert, complete each time, as Alertmanager requires.

    Raises TemporaryError or PermanentError.
    """
    alert = {
        "labels": labels_of(incident),
        "annotations": _annotations(incident, settings),
        # An alert that starts after its end is refused; the sender's clock may be ahead of ours.
        "startsAt": min(incident.began_at, ends_at).isoformat(),
        "endsAt": ends_at.isoformat(),
        "generatorURL": links_for(incident, settings).incident,
    }

    url = _url(settings, "alerts")

    def build(client: httpx.Client) -> httpx.Request:
        return client.build_request("POST", url, headers=_headers(settings), json=[alert])

    def read(answer: Answer) -> None:
        if answer.text.strip():
            _NOTHING.validate_json(answer.text)

    doing = "raise the alert" if ends_at > utc_now() else "resolve the alert"
    send(SERVICE, build, settings, doing=doing, read=read, tries=tries)


def check(settings: Settings, *, tries: int = 1) -> str:
    """Query the status; one line for `aeef doctor`. Raises TemporaryError or PermanentError."""
    url = _url(settings, "status")

    def build(client: httpx.Client) -> httpx.Request:
        return client.build_request("GET", url, headers=_headers(settings))

    def read(answer: Answer) -> str:
        return f"Alertmanager {_Status.model_validate_json(answer.text).version_info.version}"

    return send(SERVICE, build, settings, doing="ask for the status", read=read, tries=tries)


def is_our_own(labels: Mapping[str, str]) -> bool:
    """True when an alert with these labels is our own, sent back to us: the intake drops it."""
    return bool(labels.get(INCIDENT_LABEL))


def labels_of(incident: Incident) -> dict[str, str]:
    """The labels that identify the incident's alert at its severity."""
    labels = {
        "alertname": ALERTNAME,
        "severity": incident.severity.value,
        "type": incident.type,
        "service": incident.service,
        INCIDENT_LABEL: str(incident.incident_id),
    }
    if incident.occurrence > 1:  # another alert, which notifies at once
        labels[OCCURRENCE_LABEL] = str(incident.occurrence)
    if incident.is_drill:
        labels[DRILL] = "true"
    return {name: trim(one_line(value), LABEL_LIMIT) for name, value in labels.items()}


def _annotations(incident: Incident, settings: Settings) -> dict[str, str]:
    links = links_for(incident, settings)
    # Its link is an annotation of its own; so is the automation's state.
    plain = incident.model_copy(update={"automation": ""})
    return {
        "summary": text_of(plain, settings, SUMMARY_LIMIT),
        "description": trim(clean(incident.description), DESCRIPTION_LIMIT),
        "incident": links.incident,
        "run": links.run,
        **({"automation": incident.automation} if incident.automation else {}),
    }


def _url(settings: Settings, what: str) -> str:
    if settings.alertmanager.url is None:
        raise SERVICE.not_configured()
    return f"{settings.alertmanager.url.rstrip('/')}/api/v2/{what}"


def _headers(settings: Settings) -> dict[str, str]:
    token = settings.alertmanager.token
    return {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
