"""Tells who investigates, in Slack: directly, or in the incident's thread."""

from __future__ import annotations

from schemas.errors import OutsideServiceError
from schemas.quality import Assessment, Investigation
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels.slack import client as slack
from tasks.channels.slack.message import ensure_message, tell_thread
from tasks.quality.wording import lines_of
from tasks.reports.report_files import shown
from tasks.step import step, verbatim
from tasks.store import open_store
from tasks.store.claim_keys import OWNER_MESSAGE


@step("tell the owner", says=verbatim, timeout=300)
def tell_owner(case: Case, assessment: Assessment | None, investigation: Investigation) -> str:
    """Write to the owner once; in the incident's thread if that may not have arrived.

    Raises OutsideServiceError when Slack takes it nowhere.
    """
    settings = case.settings
    who = shown(investigation.owner)
    if not slack.configured(settings):
        return f"{who} was not told: Slack is not configured"
    incident = case.incident
    holder = f"{case.holder}/owner"
    text = "\n".join([incident.title, *lines_of(assessment, investigation)])
    problem: str | None = "they have no 'slack' in [owners]"
    if investigation.slack:
        problem = _directly(case.incident_id, investigation.slack, text, settings, holder)
        if problem is None:
            return f"told {who} in Slack"
    ensure_message(incident, settings, holder=holder)
    tell_thread(case.incident_id, text, settings, holder=holder)
    return f"named {who} in the incident's Slack thread ({problem})"


def _directly(
    incident_id: str, user: str, text: str, settings: Settings, holder: str
) -> str | None:
    """Write to the user at most once; why it may not have arrived, None when it did.

    Slack gives no key by which a message that was cut off could be found in the owner's own
    conversation: it is never sent a second time.
    """
    with open_store(settings).once(incident_id, OWNER_MESSAGE, holder, wait=True) as turn:
        if turn.is_mine:
            cut_off = "an earlier message to them was cut off"
            problem = cut_off if turn.attempts > 1 else _write(user, text, settings)
            turn.finish({"problem": problem})
        known: str | None = turn.result["problem"]
    return known


def _write(user: str, text: str, settings: Settings) -> str | None:
    try:
        slack.write_to(user, text, settings)
    except OutsideServiceError as error:
        return str(error)
    return None
