"""People begin a corrective action, and change whose it is and until when."""

from __future__ import annotations

from uuid import uuid4

from pydantic import Field

from schemas.corrective import Category, CorrectiveAction, Stage
from schemas.corrective.question import NoRecurrence, Question, written
from schemas.corrective.transitions import change, require_two_people
from schemas.errors import AeefError, InvalidInput
from schemas.incident import Incident
from schemas.model import Model, utc_now
from schemas.people import Right
from schemas.review import FailureMode
from schemas.settings import Settings
from tasks.base.network.deadline import deadline
from tasks.channels.jira import client as jira
from tasks.channels.slack import client as slack
from tasks.corrective.notices import send_notices
from tasks.corrective.tickets import ensure_ticket
from tasks.corrective.wording import due
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.channels import SECONDS
from tasks.people.corrective.given import Day, PersonGiven, Which, choice, day_given, person_given
from tasks.people.corrective.given import which_action as which
from tasks.people.fields import POSITIONAL, Reason, Words
from tasks.store.sanitize import sanitized


class Adding(Model):
    """What is done so that it does not come back, by whom and until when, and who verifies it."""

    text: Words = Field(description="What is to be done.", json_schema_extra=POSITIONAL)
    category: Category = Field(description="A P1 or P2 needs actions of two categories.")
    verifier: PersonGiven = Field(description="Who verifies it: a name of [people].")
    owner: PersonGiven = Field(default="", description="Who does it: a name; without one, you.")
    due: Day = ""
    question: str = Field(
        default="",
        max_length=400,
        description="What shows later that it worked: recurrence, gate:TARGET/GATE,"
        " file:TARGET/PATH or file:TARGET/PATH#TEXT.",
    )


class Changing(Model):
    """Who does it or verifies it instead, or until when; and why."""

    action: Which = ""
    owner: PersonGiven = ""
    verifier: PersonGiven = ""
    due: Day = ""
    reason: Reason


def _add(hand: Hand, asked: Adding) -> Done:
    settings, now = hand.settings, utc_now()
    incident = hand.incident
    owner = person_given(asked.owner, "owner", settings, otherwise=hand.actor)
    verifier = person_given(asked.verifier, "verifier", settings, otherwise=None)
    require_two_people(owner, verifier)
    added = hand.store.corrective.add(
        CorrectiveAction(
            incident_id=incident.incident_id,
            category=asked.category,
            text=asked.text,
            owner=owner,
            verifier=verifier,
            due_at=day_given(asked.due, "due", now) if asked.due else now + settings.corrective.due,
            question=_question(asked.question, incident, settings).to_json(),
            look_after=settings.corrective.look_after_days,
            created_at=now,
            created_by=hand.actor.on_record,
        )
    )
    problem = _everywhere(added, settings)
    said = f"{added.reference} is on record: {owner} does it, {due(added, now)}"
    said += f"; {verifier} verifies it"
    if not jira.configured(settings):
        said += "; it has no ticket: Jira is not configured"
    return Done(hand.incident, said + unheard(settings), problem=problem)


def unheard(settings: Settings) -> str:
    """That nobody is notified, to follow a sentence; empty where Slack is configured."""
    return "" if slack.configured(settings) else "; nobody was notified: Slack is not configured"


def _question(given: str, incident: Incident, settings: Settings) -> Question:
    """What somebody wrote, once it is clear that it can be asked here. Raises InvalidInput."""
    question = written(given, incident)
    if isinstance(question, NoRecurrence):
        mode = question.failure_mode
        if mode and mode not in set(FailureMode):
            raise InvalidInput(f"question: {mode[:40]!a} is none of {', '.join(FailureMode)}")
        return question
    if question.target not in settings.targets:
        known = ", ".join(sorted(settings.targets)) or "none"
        raise InvalidInput(f"question: there is no target {question.target!a}; there are: {known}")
    return question


def _everywhere(action: CorrectiveAction, settings: Settings) -> str:
    """Its ticket and its notices; what could not be done yet, and is tried again."""
    problems = []
    try:
        with deadline(SECONDS):
            ensure_ticket(action, settings, holder=f"add {uuid4()}")
    except AeefError as error:
        problems.append(sanitized(f"it has no ticket yet: {error}", settings))
    problems.append(notify(action, settings))
    return "; ".join(filter(None, problems))


def notify(action: CorrectiveAction, settings: Settings) -> str:
    """Say what has to be said, within seconds; why that could not be done."""
    try:
        with deadline(SECONDS):
            return send_notices(action, settings)
    except AeefError as error:
        return sanitized(str(error), settings)


def _change(hand: Hand, asked: Changing) -> Done:
    settings, now = hand.settings, utc_now()
    present = which(hand, asked.action)

    def given(name: str, field: str) -> str:
        return person_given(name, field, settings, otherwise=None) if name else ""

    owner, verifier = given(asked.owner, "owner"), given(asked.verifier, "verifier")
    due_at = day_given(asked.due, "due", now) if asked.due else None
    after, _ = hand.store.corrective.change(
        present.number,
        lambda action, _at: change(
            action, owner=owner, verifier=verifier, due_at=due_at, why=asked.reason
        ),
        actor=hand.actor.on_record,
    )
    said = f"{after.reference}: {after.owner} does it, {due(after, now)}"
    said += f"; {after.verifier} verifies it"
    return Done(hand.incident, said + unheard(settings), problem=notify(after, settings))


ADD = PersonAct(
    name="action-add",
    title="Add a corrective action",
    does="Puts on record what is done so that it does not come back; it gets a ticket.",
    right=Right.RESPOND,
    asks=Adding,
    do=_add,
    undone="It stays on record; a waiver says that it is not done.",
)
CHANGE = PersonAct(
    name="action-change",
    title="Change a corrective action",
    does="Somebody else does it or verifies it, or it has more or less time.",
    right=Right.RESPOND,
    asks=Changing,
    do=_change,
    undone="Undone by changing it again.",
    shows=choice(Stage.OPEN, Stage.DONE),
)
