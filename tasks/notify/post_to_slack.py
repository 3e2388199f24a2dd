"""The steps that post the incident to its Slack channel, and updates to its thread."""

from __future__ import annotations

from schemas.incident import route_for
from tasks.case import Case
from tasks.channels.slack import client as slack
from tasks.channels.slack.message import ensure_message, reply_in_thread
from tasks.step import step, verbatim


@step("post to Slack", says=verbatim, timeout=300)
def post_to_slack(case: Case) -> str:
    """Post the incident to the channel of its severity, and record it."""
    settings = case.settings
    if not slack.configured(settings):
        return "nothing was posted: Slack is not configured"
    incident = case.incident
    message = ensure_message(incident, settings, holder=case.holder)
    route = route_for(incident.severity, incident.type, settings.routes)
    return f"posted to Slack {settings.slack.channels[route.slack]} ({message.ts})"


@step("update the Slack thread", says=lambda _done: None, timeout=120)
def update_slack_thread(case: Case, text: str) -> bool:
    """Post an update in the incident's thread; False when there is no thread."""
    return reply_in_thread(case.incident_id, text, case.settings, holder=case.holder)
