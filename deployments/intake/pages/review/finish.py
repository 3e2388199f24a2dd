"""What people do on a review's page beside writing: begin, complete, read it; its actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from deployments.intake.pages.buttons import undone
from deployments.intake.pages.forms import Field, fields_of
from schemas.corrective import CorrectiveAction
from schemas.incident import Incident
from schemas.people import Actor
from schemas.review import Review, State
from schemas.settings import Settings
from tasks.corrective.wording import form_for
from tasks.people.act import PersonAct
from tasks.people.acts import PERSON_ACTS
from tasks.people.review.readers import readers_of

NOT_BEGUN = ("review-begin",)
ADDING = ("action-add",)
DRAFTING = ("review-draft",)
NEXT: Mapping[State, Sequence[str]] = {
    State.DRAFTED: ("review-complete",),
    State.COMPLETE: ("review-read",),
    State.READ: (),
}
"""The acts that bring a review on, by their names."""


WHICH = "action"
"""The field that says which corrective action is meant."""


class ActForm(NamedTuple):
    """One act as a form on the page."""

    act: PersonAct
    fields: list[Field]
    undone: str


def why_not_read(review: Review, actor: Actor, settings: Settings) -> str:
    """Why this person does not read what is complete; empty: they do, or it is not."""
    if review.state is not State.COMPLETE:
        return ""
    return review.why_not_read_by(actor.on_record, readers_of(settings))


def may_be_drafted(review: Review, incident: Incident) -> bool:
    """True until people have called it complete with what was drafted."""
    is_open = review.state is State.DRAFTED or review.facts is None
    return is_open and incident.status.is_over


def forms_for(names: Sequence[str], actor: Actor) -> list[ActForm]:
    """Those of these acts that this person may do."""
    acts = (PERSON_ACTS[name] for name in names if name in PERSON_ACTS)
    return [
        ActForm(each, fields_of(each.asks), undone(each)) for each in acts if actor.may(each.right)
    ]


def forms_of(actions: Iterable[CorrectiveAction], actor: Actor) -> dict[int, list[ActForm]]:
    """What this person may do now about each corrective action, by its number.

    Which one it is stands in the form, so nobody is asked.
    """
    return {
        each.number: [
            form._replace(fields=[field for field in form.fields if field.name != WHICH])
            for form in forms_for([form_for(each)], actor)
        ]
        for each in actions
    }
