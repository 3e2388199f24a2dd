"""The incident record of the spec: one auditable document."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.incident.incident_type import IncidentType
from schemas.incident.severity import Severity
from schemas.incident.type_source import NEEDS_WORD, TypeSource
from schemas.model import Model, UtcDatetime, utc_now

MARK = "DRILL "
"""How everything begins that people read of an exercise."""
RESTRICTED = "restricted: those who work on it find it in the record"
FEWEST_CHARACTERS = 8
"""Of the beginning of an id that stands for the whole: fewer could mean another incident."""


class Status(StrEnum):
    """The status of an incident: it moves forward; a relapse or a person opens it again."""

    OPEN = "open"
    INVESTIGATING = "investigating"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_over(self) -> bool:
        """True when there is nothing left to respond to."""
        return self in (Status.RESOLVED, Status.CLOSED)

    @property
    def is_contained(self) -> bool:
        """True when the damage is contained, or all is over."""
        return self.comes_after(Status.INVESTIGATING)

    def comes_after(self, other: Status) -> bool:
        """True when this status is later than the other."""
        order = list(Status)
        return order.index(self) > order.index(other)


class Action(Model):
    """One action: by whom, when, and whether it was automatic."""

    timestamp: UtcDatetime = Field(default_factory=utc_now)
    action: str
    automated: bool = True
    actor: str = "aeef-runbooks"


class PostMortem(Model):
    """What was learned (spec, "Incident Record Schema")."""

    timeline: str | None = None
    root_cause_analysis: str | None = None
    action_items: list[str] | None = None


class Incident(Model):
    """The spec's incident record; `to_json()` is valid against `incident.schema.json`.

    Beside the spec's document, and not in it:
    type_source, guessed_from: who says that it is of its type, and for a guess its words.
    word_at: when a guess became somebody's word, so that the runbook starts once more.
    occurrence, relapsed_at: which outbreak of it this is, and when it began unless it is the first.
    automation: for whoever is paged: that the automation is not on; empty otherwise, and in the
    store.
    raised: the severity rose in this occurrence, which is paged apart, to be taken anew.
    number: its short number; 0 while it is not on record.
    is_drill: an exercise, which is responded to as if it were real.
    """

    incident_id: UUID
    severity: Severity
    type: str
    description: str = ""
    detected_at: UtcDatetime
    resolved_at: UtcDatetime | None = None
    status: Status = Status.OPEN
    affected_services: list[str] = Field(default_factory=list)
    root_cause: str | None = None
    actions_taken: list[Action] = Field(default_factory=list)
    post_mortem: PostMortem | None = None
    type_source: TypeSource = Field(default=TypeSource.SENDER, exclude=True)
    guessed_from: str = Field(default="", exclude=True)
    word_at: UtcDatetime | None = Field(default=None, exclude=True)
    occurrence: int = Field(default=1, ge=1, exclude=True)
    relapsed_at: UtcDatetime | None = Field(default=None, exclude=True)
    automation: str = Field(default="", exclude=True)
    raised: bool = Field(default=False, exclude=True)
    number: int = Field(default=0, ge=0, exclude=True)
    is_drill: bool = Field(default=False, exclude=True)

    @property
    def began_at(self) -> datetime:
        """When the present occurrence began: an earlier rollback was not for it."""
        return self.relapsed_at or self.detected_at

    @property
    def mark(self) -> str:
        """`DRILL ` before everything that people read of an exercise; else empty."""
        return MARK if self.is_drill else ""

    @property
    def which_occurrence(self) -> str:
        """` (occurrence 2)`, to follow a name; empty for the first, which is the usual one."""
        return f" (occurrence {self.occurrence})" if self.occurrence > 1 else ""

    @property
    def short_id(self) -> str:
        """What a person types after a command: `1284`."""
        return str(self.number or self.incident_id.hex[:FEWEST_CHARACTERS])

    @property
    def reference(self) -> str:
        """What people call it: `#1284`. In a shell `#` begins a comment: see `short_id`."""
        return f"#{self.number}" if self.number else self.short_id

    @property
    def service(self) -> str:
        """The first affected service, or `unknown service`."""
        return self.affected_services[0] if self.affected_services else "unknown service"

    @property
    def has_word(self) -> bool:
        """True when somebody says that it is of a type whose response cannot be undone."""
        return self.type_source.is_word and self.type in NEEDS_WORD

    @property
    def waits_for_word(self) -> bool:
        """True while it is only guessed, and a person has to say whether it is so."""
        return self.type_source is TypeSource.GUESS and self.type in NEEDS_WORD

    @property
    def waits_for(self) -> str:
        """What has not been done because of that, and what starts it."""
        return (
            f"WAITS for a person, for this is only guessed: {self.kind_in_full}. Nothing is"
            " isolated, frozen, revoked or suspended, and no legal clock runs, before somebody"
            f" says `aeef confirm {self.short_id}`; with --no, that it is none"
        )

    @property
    def kind(self) -> str:
        """The type for people: `data-breach (guessed)` while nobody says that it is one."""
        return self.type + (" (guessed)" if self.type_source is TypeSource.GUESS else "")

    @property
    def kind_in_full(self) -> str:
        """As `kind`, with what it was guessed from; for those who may read the description."""
        if self.type_source is not TypeSource.GUESS:
            return self.type
        return f"{self.type} (guessed from {self.guessed_from})"

    @property
    def public_kind(self) -> str:
        """As `kind_in_full`, for everybody in a channel or project."""
        return self.kind if self.is_restricted else self.kind_in_full

    @property
    def is_restricted(self) -> bool:
        """True for a data breach: only those who work on it may see its details."""
        return self.type == IncidentType.DATA_BREACH

    @property
    def public_description(self) -> str:
        """The description that everybody in a channel or project may read."""
        return RESTRICTED if self.is_restricted else self.description

    @property
    def title(self) -> str:
        """One line for people, also for logs: `P1 deployment-failure shop #1284`."""
        named = f"{self.mark}{self.severity} {self.kind} {self.service} {self.reference}"
        line = named + self.which_occurrence
        # A service may be called anything; what cannot be printed could act on a terminal.
        return " ".join("".join(c if c.isprintable() else " " for c in line).split())
