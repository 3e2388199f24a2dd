"""Reads Alertmanager's webhook (version 4), and Grafana's (version 1), as our alerts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic.alias_generators import to_camel

from deployments.intake.senders.received import Received
from schemas.errors import InvalidInput
from schemas.incident import Alert, SaidTime
from tasks.channels.alertmanager.client import is_our_own

SERVICE_LABELS = ("aeef_service", "service", "app", "job")
DESCRIPTIONS = ("description", "summary", "message")
WATCHDOG = "Watchdog"
"""The alert that always fires: https://runbooks.prometheus-operator.dev/runbooks/general/watchdog"""
GRAFANA = "1"
"""https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/
integrations/webhook-notifier/"""
ADDRESSES = ("generatorURL", "silenceURL", "dashboardURL", "panelURL", "imageURL")


def _without_nulls(texts: Any) -> Any:
    if not isinstance(texts, dict):
        return {} if texts is None else texts
    return {name: text for name, text in texts.items() if text is not None}


Texts = Annotated[dict[str, str], BeforeValidator(_without_nulls)]


class _Lenient(BaseModel):
    """A model that ignores unknown fields: new versions of the senders add some."""

    model_config = {"extra": "ignore", "alias_generator": to_camel, "hide_input_in_errors": True}


class _Alert(_Lenient):
    status: Literal["firing", "resolved"]
    labels: Texts
    annotations: Texts = Field(default_factory=dict)
    starts_at: SaidTime
    fingerprint: str = ""
    value_string: str | None = None
    generator_url: str | None = Field(default="", alias="generatorURL")
    silence_url: str | None = Field(default=None, alias="silenceURL")
    dashboard_url: str | None = Field(default=None, alias="dashboardURL")
    panel_url: str | None = Field(default=None, alias="panelURL")
    image_url: str | None = Field(default=None, alias="imageURL")


class _Webhook(_Lenient):
    version: Literal["4", "1"]
    group_key: str = ""
    org_id: int | None = None
    alerts: list[_Alert]
    truncated_alerts: int | None = None
    """How many more alerts the group has: the receiver's `max_alerts` kept them back."""


class Webhook(NamedTuple):
    """The alerts of a webhook. watchdog: Alertmanager's Watchdog fires in it, as it should."""

    received: list[Received]
    watchdog: bool


def read_webhook(data: Any) -> Webhook:
    """The alerts of a webhook, without Watchdog and those that we sent to Alertmanager ourselves.

    Alertmanager sends an alert again at every `group_interval`. The group's key, the fingerprint
    and the start time stay the same, so they identify it. Grafana's group key has a clock in it:
    there fingerprint and start time do.
    Raises InvalidInput that names each wrong field.
    """
    try:
        webhook = _Webhook.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise InvalidInput(
            f"not a webhook of Alertmanager (version 4) or Grafana (version 1): {problems}"
        ) from None
    is_grafana = webhook.version == GRAFANA
    watchdogs = [each for each in webhook.alerts if is_watchdog(each.labels) and not is_grafana]
    return Webhook(
        [
            Received(_as_ours(alert, webhook), alert.status == "resolved")
            for alert in webhook.alerts
            if not is_our_own(alert.labels) and (is_grafana or not is_watchdog(alert.labels))
        ],
        watchdog=any(each.status == "firing" for each in watchdogs),
    )


def is_watchdog(labels: Mapping[str, str]) -> bool:
    """True for the alert that only says that Prometheus and Alertmanager work."""
    return labels.get("alertname") == WATCHDOG


def _as_ours(alert: _Alert, webhook: _Webhook) -> Alert:
    service = _first(alert.labels, SERVICE_LABELS)
    sender = "grafana" if webhook.version == GRAFANA else "alertmanager"
    return Alert(
        service=service[:200] if service else None,
        description=_with_left_out(
            _first(alert.annotations, DESCRIPTIONS) or alert.labels.get("alertname") or "an alert",
            webhook.truncated_alerts or 0,
        ),
        detected_at=alert.starts_at,
        source=sender,
        dedup_key=f"{sender}:" + hashlib.sha256(_identity(alert, webhook).encode()).hexdigest(),
        names_one_occurrence=True,
        labels=alert.labels,
        details={"annotations": dict(alert.annotations), **_beside(alert)},
    )


def _identity(alert: _Alert, webhook: _Webhook) -> str:
    began = alert.starts_at.isoformat()
    if webhook.version != GRAFANA:
        return json.dumps([webhook.group_key, alert.fingerprint, began])
    named = alert.fingerprint or json.dumps(alert.labels, sort_keys=True)
    return json.dumps([webhook.org_id, named, began])


def _beside(alert: _Alert) -> dict[str, Any]:
    """What else people want to see: where to look, where to silence it, what was measured."""
    given = alert.model_dump(by_alias=True, include={"generator_url", "silence_url", "image_url",
                                                     "dashboard_url", "panel_url"})  # fmt: skip
    found = {name: given[name] for name in ADDRESSES if given.get(name)}
    return {"generatorURL": "", **found} | (
        {"values": alert.value_string[:5000]} if alert.value_string else {}
    )


def _with_left_out(description: str, more: int) -> str:
    """The description; the page says how many of the group were not sent to us."""
    some = "1 more alert" if more == 1 else f"{more} more alerts"
    words = f" ({some} of this group left out by the sender: `max_alerts`)" if more > 0 else ""
    return description[: 20_000 - len(words)] + words


def _first(values: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((values[name].strip() for name in names if values.get(name, "").strip()), None)
