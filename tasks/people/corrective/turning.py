"""One change of a corrective action by a person, and what follows from it."""

from __future__ import annotations

from contextlib import suppress

from schemas.corrective import CorrectiveAction, Stage, same_person
from schemas.errors import NotAllowed, TemporaryError
from schemas.model import utc_now
from tasks.approvals.rules import knows_people
from tasks.base.network.deadline import deadline
from tasks.corrective.look import Turn, ticket_again
from tasks.corrective.tickets import closed_ticket
from tasks.corrective.wording import stands
from tasks.people.act import Done, Hand
from tasks.people.channels import SECONDS
from tasks.people.corrective.add import notify, unheard
from tasks.people.corrective.given import which_action as which
from tasks.store.sanitize import sanitized


def require_proof(hand: Hand, action: CorrectiveAction, what: str) -> None:
    """Raise NotAllowed unless it is a proven person; where nobody is configured, its verifier."""
    actor = hand.actor
    if actor.is_proven:
        return
    if knows_people(hand.settings):
        raise NotAllowed(
            f"{action.reference} is not {what}: nothing proves who you are; do it on the page, in"
            " Slack, or with a token of your own"
        )
    if not same_person(actor.on_record, action.verifier):
        raise NotAllowed(
            f"{action.reference} is not {what}: {action.verifier} does, or somebody who signed in"
        )


def turn_action(hand: Hand, given: str, turn: Turn) -> Done:
    """Change it as the person says, and do what follows: its ticket, and what others must know."""
    present = which(hand, given)
    after, changed = hand.store.corrective.change(present.number, turn, actor=hand.actor.on_record)
    problems = []
    with suppress(TemporaryError), deadline(SECONDS):
        if after.stage is Stage.OPEN:
            problems.append(ticket_again(after, hand.settings))
        elif after.stage is Stage.VERIFIED:
            problems.append(closed_ticket(after, hand.settings))
    problems.append(notify(after, hand.settings))
    problem = sanitized("; ".join(filter(None, problems)), hand.settings)
    said = f"{after.reference}: {stands(after, utc_now())}"
    if changed and after.stage in (Stage.OPEN, Stage.DONE):
        said += unheard(hand.settings)
    return Done(hand.incident, said, changed, problem)
