"""Reads PagerDuty's webhooks v3: what happened to which incident of theirs, when, and by whom.

https://developer.pagerduty.com/docs/webhooks-overview. Only what we use is read; new fields and
new kinds of events must not make a webhook fail, for after three PagerDuty stops sending them.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, ValidationError

from schemas.errors import InvalidInput
from schemas.model import UtcDatetime
from tasks.base.trim import one_line, trim

INCIDENT = "incident."
"""Before the kind of every event about an incident."""
STATES = frozenset({"acknowledged", "unacknowledged", "resolved", "reopened"})
"""Kinds of events about who has it, of which the newest counts."""
NAME_LIMIT = 200
TEXT_LIMIT = 4_000
"""Ours, in characters: of a name, and of a note."""


class Reference(BaseModel):
    """Somebody or something in PagerDuty."""

    id: str = ""
    type: str = ""
    summary: str | None = None

    @property
    def is_user(self) -> bool:
        """True for a person: not a service, an integration or a rule."""
        return self.type.removesuffix("_reference") == "user"

    @property
    def called(self) -> str:
        """Their name in PagerDuty; nobody of ours has chosen it."""
        return trim(one_line(self.summary or ""), NAME_LIMIT) or self.id or "somebody"


class _Data(BaseModel):
    id: str = ""
    type: str = ""
    title: str = ""
    incident_key: str | None = None
    incident: Reference | None = None
    assignees: list[Reference] = Field(default_factory=list)
    escalation_policy: Reference | None = None
    priority: Reference | None = None
    user: Reference | None = None
    content: str | None = None
    message: str | None = None
    state: str | None = None


class Heard(BaseModel):
    """One event.

    agent: who did it; None: PagerDuty itself, for instance when an acknowledgement ran out.
    """

    id: str = Field(min_length=1, max_length=200)
    event_type: str
    occurred_at: UtcDatetime
    agent: Reference | None = None
    data: _Data

    @property
    def is_about_an_incident(self) -> bool:
        """False for a test (`pagey.ping`), a service, and what is new since."""
        return self.event_type.startswith(INCIDENT)

    @property
    def kind(self) -> str:
        """What happened: `acknowledged`, `responder.added`."""
        return self.event_type.removeprefix(INCIDENT)

    @property
    def their_incident(self) -> str:
        """The incident's id in PagerDuty; a note, for instance, only refers to it."""
        return self.data.incident.id if self.data.incident else self.data.id

    @property
    def by_a_person(self) -> bool:
        """True when somebody with a login there did it."""
        return self.agent is not None and self.agent.is_user

    @property
    def said(self) -> str:
        """A note's or an update's text."""
        return trim((self.data.content or self.data.message or "").strip(), TEXT_LIMIT)


class _Webhook(BaseModel):
    event: Heard


def read_webhook(data: Any) -> Heard:
    """The event in a webhook's body. Raises InvalidInput that names the field."""
    try:
        return _Webhook.model_validate(data).event
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        if first["loc"][:2] == ("event", "data") and _is_new(data["event"]):
            return _Webhook.model_validate({"event": {**data["event"], "data": {}}}).event
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(f"not a webhook of PagerDuty's v3: {field}: {first['msg']}") from None


def _is_new(event: dict[str, Any]) -> bool:
    """True for an event that we need not understand: its kind may have come after this code."""
    kind = str(event.get("event_type", ""))
    return kind.removeprefix(INCIDENT) not in {*STATES, "triggered", "annotated"}
