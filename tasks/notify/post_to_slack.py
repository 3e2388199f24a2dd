"""The steps that post the incident to its Slack channel, change the message, and reply to it."""

from __future__ import annotations

from schemas.incident import Incident
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels.slack import client as slack
from tasks.channels.slack.message import ensure_message, reply_in_thread
from tasks.notify.show_progress import show
from tasks.step import step, verbatim
from tasks.store.progress import action_taken


@step("post to Slack", says=verbatim, timeout=300)
def post_to_slack(case: Case) -> str:
    """Post the incident to the channel of its severity, and record it.

    A message that is there already says from now on what the record holds.
    """
    settings = case.settings
    if not slack.configured(settings):
        return "nothing was posted: Slack is not configured"
    incident = case.incident
    shown = _shown(incident, settings)
    posted = ensure_message(incident, settings, holder=case.holder)
    # What came meanwhile found no message to change.
    if not posted.is_new or _shown(case.incident, settings) != shown:
        show(case.incident_id, settings)
    return f"{'posted to' if posted.is_new else 'it was already posted to'} Slack {posted}"


@step("update the Slack thread", says=lambda _done: None, timeout=120)
def update_slack_thread(case: Case, text: str) -> bool:
    """Post an update in the incident's thread; False when there is no thread."""
    return reply_in_thread(case.incident_id, text, case.settings, holder=case.holder)


def _shown(incident: Incident, settings: Settings) -> tuple[str, str, str]:
    said = action_taken(incident, settings, in_private=False)
    return incident.status, incident.severity, said
