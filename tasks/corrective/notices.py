"""What people have to be notified of about a corrective action, each once.

What is to be said follows from the action alone: so whatever fails or dies on the way, the next
round says what has not been said yet.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from schemas.corrective import CorrectiveAction, Stage
from schemas.errors import OutsideServiceError
from schemas.incident import Incident
from schemas.links import links_for
from schemas.model import utc_now
from schemas.people import name_on_record
from schemas.settings import Settings
from tasks.channels.slack import client as slack
from tasks.corrective.wording import public_text
from tasks.notify.write_to_person import write_to_person
from tasks.store import open_store
from tasks.store.claim_keys import corrective_key
from tasks.store.sanitize import sanitized


class Notice(NamedTuple):
    """key: what is said once. person: a name, or as on record. text: one sentence."""

    key: str
    person: str
    text: str


def notices_of(action: CorrectiveAction, now: datetime, settings: Settings) -> list[Notice]:
    """What has to have been said by now."""
    match action.stage:
        case Stage.OPEN:
            return [*_opened(action), *_late(action, now, settings)]
        case Stage.DONE:
            return [*_to_verify(action), *_late(action, now, settings)]
        case Stage.VERIFIED:
            return _unseen(action)
        case Stage.WAIVED:
            return _ending(action, now, settings)


def _opened(action: CorrectiveAction) -> list[Notice]:
    ref, due = action.reference, f"{action.due_at:%Y-%m-%d}"
    how = f"when it is done: aeef action-done {ref}"
    if action.times_opened == 1:
        key = f"assigned:{action.owner}"
        return [Notice(key, action.owner, f"{ref} is yours, due {due}; {how}")]
    said = f"{ref} is open again, due {due}: {action.why_again}; {action.owner} does it; {how}"
    people = dict.fromkeys((action.owner, action.verifier))
    if action.waiver:
        people |= {name_on_record(action.waiver.owner): None}
    return [Notice(f"again:{action.times_opened}:{person}", person, said) for person in people]


def _late(action: CorrectiveAction, now: datetime, settings: Settings) -> list[Notice]:
    ref, due = action.reference, f"{action.due_at:%Y-%m-%d}"
    mark = action.due_at.isoformat(timespec="seconds")
    if action.due_at <= now:
        people = (
            (action.verifier,) if action.stage is Stage.DONE else (action.owner, action.verifier)
        )
        what = "done, and nobody has verified it" if action.stage is Stage.DONE else "not done"
        said = f"{ref} is overdue: it was due {due}, and is {what}"
        stage = action.stage.value
        return [Notice(f"overdue:{mark}:{stage}:{each}", each, said) for each in people]
    if action.stage is Stage.OPEN and action.due_at - settings.corrective.remind <= now:
        # What was given less time than that has just been announced with its day.
        if action.due_at - action.created_at <= settings.corrective.remind:
            return []
        return [Notice(f"near:{mark}:{action.owner}", action.owner, f"{ref} is due {due}")]
    return []


def _to_verify(action: CorrectiveAction) -> list[Notice]:
    at = action.done_at.isoformat(timespec="seconds") if action.done_at else ""
    ref, by = action.reference, name_on_record(action.done_by or "")
    said = (
        f"{ref} is done, says {by}: look whether it is so, then aeef action-verify {ref},"
        f' or aeef action-reopen {ref} --reason "…"'
    )
    return [Notice(f"verify:{at}:{action.verifier}", action.verifier, said)]


def _unseen(action: CorrectiveAction) -> list[Notice]:
    ref, since = action.reference, action.verified_at
    mark = since.isoformat(timespec="seconds") if since else ""
    days = [days for days, seen in action.present_effects.items() if seen.worked is None]
    said = (
        f"whether {ref} worked could not be seen after {{:g}} days: look yourself, then"
        f" aeef action-worked {ref} yes, or no"
    )
    return [Notice(f"unseen:{mark}:{each:g}", action.verifier, said.format(each)) for each in days]


def _ending(action: CorrectiveAction, now: datetime, settings: Settings) -> list[Notice]:
    """Whoever answers for a waiver decides in time, and its owner knows that it comes back."""
    waiver, ref = action.waiver, action.reference
    if waiver is None or waiver.until - settings.corrective.remind > now:
        return []
    mark = waiver.until.isoformat(timespec="seconds")
    said = (
        f"the waiver of {ref} ends {waiver.until:%Y-%m-%d}: then it is open again, and"
        f" {action.owner} does it. {name_on_record(waiver.owner)} answers for it: if it has to stay"
        f' longer, aeef action-waive {ref} --until 60d --reason "…"'
    )
    people = (name_on_record(waiver.owner), action.owner)
    return [Notice(f"ending:{mark}:{each}", each, said) for each in people]


def send_notices(action: CorrectiveAction, settings: Settings, now: datetime | None = None) -> str:
    """Say what has not been said yet; why somebody was not reached, empty when all were.

    Without Slack nobody is, which is no problem: `aeef actions list` shows what waits for whom.
    To the person in Slack, by the `slack` of `[people.NAME]`; else in the incident's thread, or
    in the channel for information. Never raises for Slack: the next round tries again.
    """
    if not slack.configured(settings):
        return ""
    due = notices_of(action, now or utc_now(), settings)
    if not due:
        return ""
    store = open_store(settings)
    incident = store.incident(action.incident_id)
    done = store.claims(incident.incident_id)
    problems = []
    for notice in due:
        key = corrective_key(action.number, notice.key)
        if key in done and done[key].state == "done":
            continue
        problems.append(_send(action, notice, key, incident, settings))
    return "; ".join(filter(None, problems))


def _send(
    action: CorrectiveAction, notice: Notice, key: str, incident: Incident, settings: Settings
) -> str:
    store, holder = open_store(settings), f"notice {uuid4()}"
    text = (
        f"{notice.text}. {public_text(action, incident)} ({incident.title},"
        f" {links_for(incident, settings).incident})"
    )
    try:
        with store.once(incident.incident_id, key, holder) as turn:
            if turn.is_mine:
                how = write_to_person(notice.person, text, incident, settings, holder)
                turn.finish({"how": how})
                store.record_action(
                    incident.incident_id,
                    f"{action.reference}: notified {name_on_record(notice.person)} {how}:"
                    f" {notice.text}",
                    in_record=False,
                )
    except OutsideServiceError as error:
        return sanitized(f"{name_on_record(notice.person)} was not notified: {error}", settings)
    return ""
