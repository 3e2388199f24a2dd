"""The keys of the claims of what people press in PagerDuty and Slack, which may come twice."""

from __future__ import annotations

PAGERDUTY_EVENT = "pagerduty-event:"


def pagerduty_event_key(event_id: str) -> str:
    """What somebody did in PagerDuty, taken in once."""
    return f"{PAGERDUTY_EVENT}{event_id}"


def pagerduty_incident_key(their_id: str) -> str:
    """That an incident of PagerDuty is one of our pages; its result says of which subject."""
    return f"pagerduty-incident:{their_id}"


def slack_request_key(request: str) -> str:
    """What somebody asked for in Slack, done once."""
    return f"slack-request:{request}"
