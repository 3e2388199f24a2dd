"""One event as a message: CloudEvents 1.0 in JSON, signed as Standard Webhooks does.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from schemas.incident import Incident
from schemas.links import links_for
from schemas.settings import Settings
from tasks.store.webhooks.delivery import Delivery

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
VERSION = "v1"


def body_of(delivery: Delivery, incident: Incident, settings: Settings) -> bytes:
    """The event. `data` has what was said at that moment, and where to read on.

    What a restricted incident is about stays in its restricted channel.
    """
    data: dict[str, Any] = {
        **delivery.payload,
        "number": incident.number,
        "url": links_for(incident, settings).incident,
        **({"drill": True} if incident.is_drill else {}),
    }
    if not incident.is_restricted:
        data["description"] = incident.description
    event = {
        "specversion": "1.0",
        "id": str(delivery.event_id),
        "source": settings.base_url,
        "type": delivery.event,
        "subject": str(incident.incident_id),
        "time": delivery.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False).encode()


def headers_of(event_id: str, body: bytes, keys: Sequence[bytes], at: datetime) -> dict[str, str]:
    """The headers that sign it: one signature for each key, so that keys can be changed."""
    timestamp = str(int(at.timestamp()))
    signed = f"{event_id}.{timestamp}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)
    return {
        "Content-Type": CONTENT_TYPE,
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"{VERSION},{each}" for each in signatures),
    }
