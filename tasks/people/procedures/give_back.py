"""Give back what was taken away: restore an isolated service, release a freeze."""

from __future__ import annotations

from pydantic import Field

from schemas.errors import AwaitsApproval, NotPossibleNow
from schemas.model import Model
from schemas.people import Right
from schemas.settings import Target
from tasks.approvals.require import require_approval
from tasks.approvals.rules import knows_people
from tasks.deploy.freeze_target import release, release_question
from tasks.deploy.freezes import read_freeze
from tasks.do import Directly
from tasks.isolation.journal import read_isolation
from tasks.isolation.restore_service import (
    check_restore_approval,
    plan_restoration,
    restore_service,
)
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.fields import MaybeWords
from tasks.people.procedures.beside import begin, targets_of


class Which(Model):
    """Of which target."""

    target: MaybeWords = Field(default="", description="Needed when the incident is about several.")


def _isolated(hand: Hand, wanted: str = "") -> Target:
    held = [
        each for each in targets_of(hand, wanted) if read_isolation(each.name, hand.settings.home)
    ]
    return _only(held, "is isolated")


def _frozen(hand: Hand, wanted: str = "") -> Target:
    incident_id = str(hand.incident.incident_id)
    held = []
    for each in targets_of(hand, wanted):
        freeze = read_freeze(each.name, hand.settings.home)
        if freeze and any(one.incident_id == incident_id for one in freeze.incidents):
            held.append(each)
    return _only(held, "is frozen")


def _only(held: list[Target], how: str) -> Target:
    if not held:
        raise NotPossibleNow(f"nothing of this incident {how}, as far as this machine knows")
    if len(held) > 1:
        names = ", ".join(target.name for target in held)
        raise NotPossibleNow(f"target: say which one; each of these {how}: {names}")
    return held[0]


def _approver(hand: Hand) -> str:
    """Where nobody is configured who may approve, whoever presses does; else people sign."""
    return "" if knows_people(hand.settings) else hand.actor.called


def _restore(hand: Hand, asked: Which) -> Done:
    target, approver = _isolated(hand, asked.target), _approver(hand)
    try:
        Directly(str(hand.incident.incident_id), hand.actor.on_record)(
            check_restore_approval, target.name, approver
        )
    except AwaitsApproval as error:
        return Done(hand.incident, str(error))

    def work(do: Directly) -> None:
        do(restore_service, target.name, (), approver)

    return begin(hand, f"restoration of {target.name}", work)


def _foresee_restoring(hand: Hand) -> str:
    return plan_restoration(_isolated(hand).name, (), _approver(hand), hand.settings)


def _release(hand: Hand, asked: Which) -> Done:
    target, approver, incident = _frozen(hand, asked.target), _approver(hand), hand.incident
    by, incident_id = hand.actor.on_record, str(incident.incident_id)
    question = release_question(target, incident_id, hand.settings, by)
    stays = f"the freeze of {target.name} stays"
    try:
        require_approval(incident_id, question, approver, hand.settings, otherwise=stays, actor=by)
    except AwaitsApproval as error:
        return Done(incident, str(error))

    def work(do: Directly) -> None:
        release(do, hand.store.alert(incident_id), target.name, approver)

    return begin(hand, f"release of the freeze of {target.name}", work)


def _foresee_releasing(hand: Hand) -> str:
    target = _frozen(hand)
    freeze = read_freeze(target.name, hand.settings.home)
    others = len(freeze.incidents) - 1 if freeze else 0
    stays = f"; it stays frozen for {others} other incidents" if others else ""
    return f"would release deployments on {target.name}, frozen by {freeze}{stays}"


RESTORE = PersonAct(
    name="restore",
    title="Restore service",
    does="Gives the isolated service back to its users, on the networks that it had.",
    right=Right.RESPOND,  # whose approval it needs, `[approvals]` says
    asks=Which,
    do=_restore,
    undone="Undone by isolating it again: `aeef isolate`.",
    asks_again=True,
    foresee=_foresee_restoring,
)
RELEASE_FREEZE = PersonAct(
    name="release-freeze",
    title="Release freeze",
    does="Allows deployments on the target again, as far as this incident froze them.",
    right=Right.RESPOND,  # whose approval it needs, `[approvals]` says
    asks=Which,
    do=_release,
    undone="Undone by freezing it again: `aeef freeze on`.",
    asks_again=True,
    foresee=_foresee_releasing,
)
