"""How an incident stands, as a change event: beside the incident in PagerDuty, and rings nobody.

https://developer.pagerduty.com/docs/send-change-event. A trigger with the alert's dedup key would
only add to its log, where its summary stays as it was; and it would ring anew if somebody had
resolved the alert meanwhile.
"""

from __future__ import annotations

import httpx

from schemas.incident import Incident
from schemas.links import links_for
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.base.http import Answer, send
from tasks.channels.pagerduty.client import SERVICE, SOURCE, SUMMARY_LIMIT, routing_key_of
from tasks.channels.text import text_of


def send_change(incident: Incident, settings: Settings, *, tries: int = 2) -> None:
    """Say how it stands now. Raises TemporaryError or PermanentError."""
    secret = routing_key_of("", settings)
    if secret is None:
        raise SERVICE.not_configured()
    said = text_of(incident, settings, SUMMARY_LIMIT)

    def build(client: httpx.Client) -> httpx.Request:
        event = {
            "routing_key": secret.get_secret_value(),
            "payload": {"summary": said, "timestamp": utc_now().isoformat(), "source": SOURCE},
            "links": [{"href": links_for(incident, settings).incident, "text": "Incident record"}],
        }
        url = f"{settings.pagerduty.url.rstrip('/')}/v2/change/enqueue"
        return client.build_request("POST", url, json=event)

    send(SERVICE, build, settings, doing="say how it stands", read=_nothing, tries=tries)


def _nothing(_answer: Answer) -> None:
    return None
