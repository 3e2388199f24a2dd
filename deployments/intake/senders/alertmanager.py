"""Reads Alertmanager's webhook (version 4) as our alerts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field, ValidationError
from pydantic.alias_generators import to_camel

from schemas.errors import InvalidInput
from schemas.incident import Alert, SaidTime
from tasks.channels.alertmanager.client import is_our_own

SERVICE_LABELS = ("aeef_service", "service", "app", "job")
DESCRIPTIONS = ("description", "summary", "message")


class _Lenient(BaseModel):
    """A model that ignores unknown fields: new versions of Alertmanager add some."""

    model_config = {"extra": "ignore", "alias_generator": to_camel, "hide_input_in_errors": True}


class _Alert(_Lenient):
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: SaidTime
    fingerprint: str = ""
    generator_url: str = Field(default="", alias="generatorURL")


class _Webhook(_Lenient):
    version: Literal["4"]
    group_key: str
    alerts: list[_Alert]
    truncated_alerts: int | None = None
    """How many more alerts the group has: the receiver's `max_alerts` kept them back."""


class Received(NamedTuple):
    """One alert of a webhook, and whether it is over."""

    alert: Alert
    is_over: bool


def read_webhook(data: Any) -> list[Received]:
    """The alerts of a webhook, without those that we sent to Alertmanager ourselves.

    Alertmanager sends an alert again at every `group_interval`. The group's key, the fingerprint
    and the start time stay the same, so they identify it.
    Raises InvalidInput that names each wrong field.
    """
    try:
        webhook = _Webhook.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise InvalidInput(f"not an Alertmanager webhook (version 4): {problems}") from None
    return [
        Received(_as_ours(alert, webhook), alert.status == "resolved")
        for alert in webhook.alerts
        if not is_our_own(alert.labels)
    ]


def _as_ours(alert: _Alert, webhook: _Webhook) -> Alert:
    identity = json.dumps([webhook.group_key, alert.fingerprint, alert.starts_at.isoformat()])
    service = _first(alert.labels, SERVICE_LABELS)
    return Alert(
        service=service[:200] if service else None,
        description=_with_left_out(
            _first(alert.annotations, DESCRIPTIONS) or alert.labels.get("alertname") or "an alert",
            webhook.truncated_alerts or 0,
        ),
        detected_at=alert.starts_at,
        source="alertmanager",
        dedup_key="alertmanager:" + hashlib.sha256(identity.encode()).hexdigest(),
        names_one_occurrence=True,
        labels=alert.labels,
        details={"annotations": dict(alert.annotations), "generatorURL": alert.generator_url},
    )


def _with_left_out(description: str, more: int) -> str:
    """The description; the page says how many of the group were not sent to us."""
    some = "1 more alert" if more == 1 else f"{more} more alerts"
    words = f" ({some} of this group left out by the sender: `max_alerts`)" if more > 0 else ""
    return description[: 20_000 - len(words)] + words


def _first(values: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((values[name].strip() for name in names if values.get(name, "").strip()), None)
