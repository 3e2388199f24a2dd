"""The keys of the claims of what comes back from PagerDuty and Slack, and of what they are told."""

from __future__ import annotations

from uuid import UUID

from tasks.store.claim_keys import PAGE, PAGE_FAILED, ends_with_acknowledgement

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


def reported_key(mark: str) -> str:
    """Letting the pagers say how it stands, once for this state of a run."""
    return f"told:{mark}"


def repaired_key(run_id: UUID) -> str:
    """Taking back that this run failed."""
    return f"repaired:{run_id}"


def takes_the_incident(about: str) -> bool:
    """True for a page whose acknowledgement means: I have the incident.

    Not for one that asks for a decision, or tells of a legal duty. A failed run of the automation
    asks for somebody who takes over.
    """
    key = f"{PAGE}{about}"
    return ends_with_acknowledgement(key) or key.startswith(PAGE_FAILED)
