"""Retry: a run that failed goes on from the step that failed, as by Prefect's own button.

The intake knows no Prefect: it puts the wish into the store, and the dispatcher fulfils it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from schemas.errors import NotPossibleNow
from schemas.incident import Phase
from schemas.people import Right
from tasks.base.trim import trim
from tasks.base.wake_up import wake
from tasks.people.act import Done, Hand, Nothing, PersonAct
from tasks.store.claim_keys import RUN, retry_key
from tasks.store.progress import progress_of

ASKED_FOR = timedelta(hours=1)
"""How long the wish holds while Prefect does not answer: later it would surprise people."""
LONGEST = 200


class Failed(NamedTuple):
    """A run that failed, and what it said."""

    run_id: UUID
    flow: str
    said: str


def _failed(hand: Hand) -> Failed:
    """The run that failed last. Raises NotPossibleNow when none did."""
    if hand.incident.status.is_over:
        raise NotPossibleNow(f"{hand.incident.title} is over; reopen it first")
    began = hand.incident.relapsed_at  # a run of an earlier occurrence has nothing to do any more
    states = progress_of(hand.incident_id, hand.settings)
    for each in reversed(states):
        if began is not None and each.at < began:
            continue
        if each.phase in (Phase.FAILED, Phase.STOPPED):
            return Failed(UUID(each.mark.partition(":")[0]), each.flow, each.said)
    raise NotPossibleNow("no run of this incident has failed: there is nothing to try again")


def _retry(hand: Hand, _asked: Nothing) -> Done:
    run = _failed(hand)
    key, holder = retry_key(run.run_id), f"{RUN}{run.run_id}"
    asked_before = hand.store.claims(hand.incident_id).get(key)
    if asked_before is not None and asked_before.state == "busy":
        said = f"a retry of {run.flow} is asked for already; it goes on when Prefect answers"
        return Done(hand.incident, said, changed=False)
    # The wish first: were it lost, the record would say what nobody does.
    wish = hand.store.claim(hand.incident_id, key, holder, ASKED_FOR)
    said = f"asked for a retry of {run.flow}: it goes on from the step that failed"
    hand.store.record_action(
        hand.incident_id,
        said,
        actor=hand.actor.on_record,
        automated=False,
        entry_id=uuid5(run.run_id, f"retry {wish.attempts}"),
    )
    wake(hand.settings.dispatcher_pipe)
    return Done(hand.incident, said)


def _foresee(hand: Hand) -> str:
    run = _failed(hand)
    return f"would let {run.flow} go on from where it failed: {trim(run.said, LONGEST)}"


RETRY = PersonAct(
    name="retry",
    title="Retry",
    does="The run goes on from the step that failed; what was done is not done again.",
    right=Right.RESPOND,
    asks=Nothing,
    do=_retry,
    undone="Stop the automation stops it before its next change.",
    foresee=_foresee,
)
