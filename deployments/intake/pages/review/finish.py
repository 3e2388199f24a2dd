"""What people do to a review as a whole: begin it, call it complete, say that they have read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from deployments.intake.pages.buttons import undone
from deployments.intake.pages.forms import Field, fields_of
from schemas.people import Actor
from schemas.review import State
from tasks.people.act import PersonAct
from tasks.people.acts import PERSON_ACTS

NOT_BEGUN = ("review-begin",)
NEXT: Mapping[State, Sequence[str]] = {
    State.DRAFTED: ("review-complete",),
    State.COMPLETE: ("review-read",),
    State.READ: (),
}
"""The acts that bring a review on, by their names."""


class ActForm(NamedTuple):
    """One act as a form on the page."""

    act: PersonAct
    fields: list[Field]
    undone: str


def forms_for(names: Sequence[str], actor: Actor) -> list[ActForm]:
    """Those of these acts that this person may do."""
    acts = (PERSON_ACTS[name] for name in names if name in PERSON_ACTS)
    return [
        ActForm(each, fields_of(each.asks), undone(each)) for each in acts if actor.may(each.right)
    ]
