"""The review of an incident: facts from the record, answers by people, and what it still lacks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import Field, JsonValue

from schemas.incident import Severity
from schemas.model import Model, UtcDatetime
from schemas.people import name_on_record
from schemas.review.questions import Form, questions_of

FEWEST_CATEGORIES = 2
"""Of corrective actions of a P1 or P2 (AEEF incident guide, "Corrective Actions")."""
DRAFTED_WITHIN = timedelta(minutes=30)
"""A flow needs seconds, with its retries minutes; longer, and Prefect is away or it has failed."""


class State(StrEnum):
    """DRAFTED: people write it. COMPLETE: somebody says that it is. READ: somebody else read it."""

    DRAFTED = "drafted"
    COMPLETE = "complete"
    READ = "read"


class Answer(Model):
    """What somebody wrote. actor: as on record. revision: 1 for the first text of a question."""

    text: str
    actor: str
    at: UtcDatetime
    revision: int = Field(ge=1)


class Facts(Model):
    """What the record says, as the flow `review/respond` drafted it; never typed by anybody.

    sections: by name, JSON data that pages and exports show; `tasks/review/facts/draft.py` says
    which there are, and their shapes. not_seen: in words, what was looked for and not found.
    """

    drafted_at: UtcDatetime
    sections: dict[str, JsonValue] = Field(default_factory=dict)
    not_seen: tuple[str, ...] = ()


class Review(Model):
    """One for each incident, of its newest occurrence.

    resolved_at: when the incident ended that it is about; an incident that went on again and
    ended anew has it begun anew, with the texts that there were.
    draft_asked_at: when a person asked for another draft; None once that is there.
    authors: everybody whose text is or was in it, as on record.
    completed_by, read_by: as on record; a text that changes afterwards takes both back.
    """

    incident_id: UUID
    occurrence: int = Field(default=1, ge=1)
    resolved_at: UtcDatetime | None = None
    form: Form
    state: State = State.DRAFTED
    due_at: UtcDatetime
    begun_at: UtcDatetime | None = None
    draft_asked_at: UtcDatetime | None = None
    facts: Facts | None = None
    texts: dict[str, Answer] = Field(default_factory=dict)
    authors: tuple[str, ...] = ()
    completed_by: str | None = None
    completed_at: UtcDatetime | None = None
    read_by: str | None = None
    read_at: UtcDatetime | None = None

    def text(self, question: str) -> str:
        """The answer's text; empty: none yet."""
        answer = self.texts.get(question)
        return answer.text if answer else ""

    @property
    def written(self) -> dict[str, str]:
        """Each question's text."""
        return {name: answer.text for name, answer in self.texts.items()}

    @property
    def waits_for_draft(self) -> bool:
        """True when its facts are still to come; what people completed keeps those that it has."""
        if self.facts is None:
            return True
        if self.state is not State.DRAFTED:
            return False
        is_earlier = self.resolved_at is None or self.facts.drafted_at < self.resolved_at
        return is_earlier or self.draft_asked_at is not None

    def is_draft_late(self, now: datetime) -> bool:
        """True when its flow should have drafted it by now."""
        since = self.draft_asked_at or self.begun_at
        return self.waits_for_draft and since is not None and now - since >= DRAFTED_WITHIN

    def is_by(self, on_record: str) -> bool:
        """True when this person wrote some of it, or called it complete, however they came."""
        by = {name_on_record(each) for each in (*self.authors, self.completed_by or "")}
        return name_on_record(on_record) in by

    @property
    def reader(self) -> str:
        """Who read it, as on record, and that they wrote some of it, where nobody else may."""
        by = self.read_by or ""
        return f"{by}, one of its authors, as all who may read it" if self.is_by(by) else by

    def why_not_read_by(self, on_record: str, readers: Collection[str] | None) -> str:
        """Why this person does not read it, in words without a full stop; empty: they do.

        readers: the names of everybody who may; None: nobody knows who that is. An author reads it
        where nobody who may read it wrote none of it: else it would never be read.
        """
        if not self.is_by(on_record):
            return ""
        refusal = f"{name_on_record(on_record)} wrote or completed it: somebody else has to read it"
        if readers is None:
            return refusal
        others = sorted(each for each in readers if not self.is_by(each))
        return f"{refusal}, which {', '.join(others)} may" if others else ""


def form_for(severity: Severity, *, is_false_alarm: bool = False) -> Form:
    """The full one for a P1 or P2, unless there was nothing."""
    is_grave = severity in (Severity.P1, Severity.P2)
    return Form.FULL if is_grave and not is_false_alarm else Form.SHORT


def missing(form: Form, texts: Mapping[str, str], categories: Collection[str]) -> list[str]:
    """What a review lacks to be complete, in words. categories: of the corrective actions."""
    lacks = [
        question.title
        for question in questions_of(form)
        if question.is_required and not texts.get(question.name, "").strip()
    ]
    if form is Form.FULL and (have := len(set(categories))) < FEWEST_CATEGORIES:
        lacks.append(
            f"corrective actions in at least {FEWEST_CATEGORIES} categories (there are {have})"
        )
    return lacks
