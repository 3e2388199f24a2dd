"""Notifies the investigator in Slack: directly, or in the incident's thread."""

from __future__ import annotations

from schemas.errors import OutsideServiceError
from schemas.quality import Assessment, Investigation
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels.slack import client as slack
from tasks.channels.slack.message import ensure_message, reply_in_thread
from tasks.quality.wording import lines_of
from tasks.reports.report_files import shown
from tasks.step import step, verbatim
from tasks.store import open_store
from tasks.store.claim_keys import OWNER_MESSAGE, of_occurrence


@step("notify the owner", says=verbatim, timeout=300)
def notify_owner(case: Case, assessment: Assessment | None, investigation: Investigation) -> str:
    """Write to the owner once; also in the incident's thread if that may not have arrived.

    Raises OutsideServiceError when Slack accepts neither.
    """
    settings = case.settings
    owner = shown(investigation.owner)
    if not slack.configured(settings):
        return f"{owner} was not notified: Slack is not configured"
    incident = case.incident
    holder = f"{case.holder}/owner"
    text = "\n".join([incident.title, *lines_of(assessment, investigation)])
    problem: str | None = "they have no 'slack' in [owners]"
    if investigation.slack:
        problem = _directly(case.incident_id, investigation.slack, text, settings, holder)
        if problem is None:
            return f"told {owner} in Slack"
    ensure_message(incident, settings, holder=holder)
    if not reply_in_thread(case.incident_id, text, settings, holder=holder):
        return f"{owner} was not named in Slack ({problem}): another run is just writing it"
    return f"named {owner} in the incident's Slack thread ({problem})"


def _directly(
    incident_id: str, user: str, text: str, settings: Settings, holder: str
) -> str | None:
    """Write to the user at most once; return why it may not have arrived, or None.

    Slack has no key by which to find a message in the owner's conversation after an interrupted
    request: so it is never sent twice.
    """
    store = open_store(settings)
    key = of_occurrence(store.incident(incident_id), OWNER_MESSAGE)
    with store.once(incident_id, key, holder, wait=True) as turn:
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
