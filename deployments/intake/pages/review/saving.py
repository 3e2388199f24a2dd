"""One text of a review as somebody sends it: saved, or held against what somebody else wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from schemas.errors import InvalidInput, NotPossibleNow
from schemas.people import Actor
from schemas.review import LONGEST_ANSWER, Answer, normal_text
from tasks.review.parts import proposed
from tasks.store import Store

BOTH, PROPOSAL = "both", "proposal"
"""Of the field `keep`: what stands there, or what the record says, and then what was sent."""


class Sent(NamedTuple):
    """What somebody sent for a question.

    seen: the revision that they saw; 0: none yet. goes_on: they write on, so that it goes on
    record later: the page's script sends what is typed, the button what is done.
    """

    text: str
    seen: int
    goes_on: bool


class Conflict(NamedTuple):
    """Somebody else wrote meanwhile. theirs: what stands there; mine: what was sent, not saved."""

    theirs: Answer
    mine: str


def sent_of(form: Mapping[str, str], stands: str, proposal: str) -> Sent:
    """What a form says. stands: the text that is there now; proposal: what the record says.

    Raises InvalidInput.
    """
    seen = form.get("seen", "")
    if not (seen.isascii() and seen.isdecimal() and len(seen) <= 9):
        raise InvalidInput("seen: the revision that the page shows, a number")
    text = typed_in(form)
    first = {BOTH: stands, PROPOSAL: proposal}.get(form.get("keep", ""), "").strip()
    if first and first not in text:
        text = f"{first}\n\n{text}"
    if len(text) > LONGEST_ANSWER:
        raise InvalidInput(f"{len(text)} characters: at most {LONGEST_ANSWER} are kept")
    return Sent(text, int(seen), form.get("on") == "yes")


def typed_in(form: Mapping[str, str]) -> str:
    """The text of a form, as the store keeps it."""
    return normal_text(form.get("text", ""))


def save(
    incident_id: str, question: str, form: Mapping[str, str], actor: Actor, store: Store
) -> Answer | Conflict:
    """Save the text of a question as this person's; nothing is saved over what they did not see.

    Raises InvalidInput, or NotPossibleNow when it is not that somebody else wrote.
    """
    review = store.reviews.of(incident_id)
    before = review.texts.get(question) if review else None
    proposal = proposed(question, review.facts) if review and review.facts else ""
    sent = sent_of(form, before.text if before else "", proposal)
    if before and before.revision != sent.seen and before.text == sent.text:
        return before  # sent twice, or both wrote the same
    try:
        return store.reviews.answer(
            incident_id,
            question,
            sent.text,
            actor=actor.on_record,
            seen=sent.seen,
            goes_on=sent.goes_on,
        )
    except NotPossibleNow:
        review = store.reviews.of(incident_id)
        theirs = review.texts.get(question) if review else None
        if theirs is None or theirs.revision == sent.seen:
            raise
        return Conflict(theirs, sent.text)
