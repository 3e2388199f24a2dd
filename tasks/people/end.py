"""How an incident ends: mitigated, resolved, dismissed, closed; and how it is opened again."""

from __future__ import annotations

from pydantic import Field

from schemas.incident import Incident
from schemas.lifecycle import Disposition
from schemas.model import Model
from schemas.people import Right
from tasks.notify.tickets.close_ticket import close_ticket
from tasks.people.act import Done, Hand, Nothing, PersonAct
from tasks.people.channels import show_everywhere, stand_down_everywhere
from tasks.people.fields import MaybeReason, MaybeWords, Reason
from tasks.people.still_held import still_held


class Mitigation(Model):
    """What contained it."""

    reason: MaybeReason = ""


class Resolution(Model):
    """What it was, and what caused it."""

    disposition: Disposition = Field(
        description="fixed, false-alarm, duplicate or accepted; beside it goes the root cause"
    )
    root_cause: MaybeWords = Field(
        default="", description="What it was, for the record; needed unless it is there already."
    )
    reason: MaybeReason = ""


class Dismissal(Model):
    """Why it is none."""

    reason: Reason


class Reopening(Model):
    """Why it goes on."""

    reason: Reason


def _mitigated(hand: Hand, asked: Mitigation) -> Done:
    outcome = hand.lifecycle.mitigate(
        hand.incident_id, actor=hand.actor.on_record, reason=asked.reason
    )
    return _shown(hand, outcome.incident, changed=outcome.changed)


def _resolve(hand: Hand, asked: Resolution) -> Done:
    return _end(hand, asked.disposition, asked.root_cause, asked.reason)


def _dismiss(hand: Hand, asked: Dismissal) -> Done:
    return _end(hand, Disposition.FALSE_ALARM, asked.reason, asked.reason)


def _end(hand: Hand, disposition: Disposition, cause: str, reason: str) -> Done:
    outcome = hand.lifecycle.resolve(
        hand.incident_id,
        disposition,
        cause=cause,
        reason=reason,
        actor=hand.actor.on_record,
    )
    incident, standing = outcome.incident, outcome.standing
    as_what = f" ({standing.disposition})" if standing.disposition else ""
    said = [f"{incident.title}: {incident.status}{as_what}"]
    problem = stand_down_everywhere(hand, incident)
    if outcome.changed:
        said += still_held(incident, hand.settings)
        ticket = close_ticket(incident, hand.settings, holder=hand.holder)
        said += [ticket] if ticket else []
    return Done(incident, ". ".join(said), outcome.changed, problem)


def _reopen(hand: Hand, asked: Reopening) -> Done:
    outcome = hand.lifecycle.reopen(
        hand.incident_id, actor=hand.actor.on_record, reason=asked.reason
    )
    return _shown(hand, outcome.incident, changed=outcome.changed)


def _close(hand: Hand, _asked: Nothing) -> Done:
    outcome = hand.lifecycle.close(hand.incident_id, actor=hand.actor.on_record)
    return _shown(hand, outcome.incident, changed=outcome.changed)


def _shown(hand: Hand, incident: Incident, *, changed: bool) -> Done:
    problem = show_everywhere(hand, incident) if changed else ""
    return Done(incident, f"{incident.title}: {incident.status}", changed, problem)


MITIGATED = PersonAct(
    name="mitigated",
    title="Mitigated",
    does="The damage is contained; the cause is still looked for.",
    right=Right.RESPOND,
    asks=Mitigation,
    do=_mitigated,
)
RESOLVE = PersonAct(
    name="resolve",
    title="Resolve",
    does="It is over: pages end, and what is still frozen, isolated or suspended is named.",
    right=Right.RESPOND,
    asks=Resolution,
    do=_resolve,
)
DISMISS = PersonAct(
    name="dismiss",
    title="False alarm",
    does="It was none: resolved as a false alarm.",
    right=Right.RESPOND,
    asks=Dismissal,
    do=_dismiss,
)
REOPEN = PersonAct(
    name="reopen",
    title="Reopen",
    does="It is not over: you have it. No runbook runs for it; report a new outbreak.",
    right=Right.RESPOND,
    asks=Reopening,
    do=_reopen,
)
CLOSE = PersonAct(
    name="close",
    title="Close",
    does="Nothing is left to do; a P1 or P2 needs its completed review.",
    right=Right.RESPOND,
    asks=Nothing,
    do=_close,
)
