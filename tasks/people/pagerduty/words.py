"""What happened in PagerDuty, in the words of our record."""

from __future__ import annotations

from tasks.channels.pagerduty.webhook import Heard

SAID = {
    "acknowledged": "acknowledged",
    "unacknowledged": "no longer acknowledged",
    "resolved": "resolved",
    "reopened": "reopened",
    "escalated": "escalated",
    "delegated": "handed to another escalation policy",
    "reassigned": "assigned anew",
    "priority_updated": "priority changed",
    "annotated": "note",
    "status_update_published": "status update",
    "responder.added": "somebody was asked to help",
    "responder.replied": "who was asked to help replied",
}
"""By the kind of event; another one is named as PagerDuty names it."""


def in_words(heard: Heard, why: str = "") -> str:
    """One entry of the record, with the moment at which it happened there.

    why: what it means here, where that is not plain.
    """
    what = SAID.get(heard.kind, heard.kind.replace("_", " ").replace(".", " "))
    words = f"PagerDuty, {heard.occurred_at:%Y-%m-%d %H:%M:%S} UTC: {what}"
    if detail := _detail(heard):
        words += f": {detail}"
    return f"{words} ({why})" if why else words


def _detail(heard: Heard) -> str:
    data = heard.data
    if heard.kind in ("annotated", "status_update_published"):
        return heard.said
    if heard.kind == "priority_updated":
        return data.priority.called if data.priority else "none"
    if heard.kind in ("reassigned", "escalated"):
        return "to " + ", ".join(each.called for each in data.assignees) if data.assignees else ""
    if heard.kind == "delegated":
        return data.escalation_policy.called if data.escalation_policy else ""
    if heard.kind.startswith("responder.") and data.user:
        return data.user.called + (f" ({data.state})" if data.state else "")
    return ""
