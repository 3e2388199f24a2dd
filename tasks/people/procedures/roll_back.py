"""Roll back by hand, from an incident: the procedure of the runbooks, in a person's name."""

from __future__ import annotations

from pydantic import Field

from schemas.errors import NotPossibleNow
from schemas.incident import Status
from schemas.model import Model
from schemas.people import Right
from tasks.do import Directly
from tasks.incident.change_status import change_status
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.fields import MaybeWords
from tasks.people.procedures.beside import begin, one_target
from tasks.rollback.roll_back import dry_run_text, rehearse_rollback, roll_back


class RollBack(Model):
    """Of which target, and to which release."""

    target: MaybeWords = Field(default="", description="Needed when the incident is about several.")
    to_commit: MaybeWords = Field(
        default="", description="Another release than the one that the dry run names."
    )


def _roll_back(hand: Hand, asked: RollBack) -> Done:
    if hand.incident.status.is_over:
        raise NotPossibleNow(f"{hand.incident.title} is over; reopen it, or use `aeef rollback`")
    target = one_target(hand, asked.target)
    settings, commit = hand.settings, asked.to_commit or None
    # Says at once what would be refused.
    rehearse_rollback(target, settings.home, commit, hand.incident.began_at)

    def work(do: Directly) -> None:
        asked_by = hand.actor.on_record
        deployed = roll_back(do, target, settings, commit, asked_by=asked_by)
        healthy = ", healthy" if deployed.verified else ""
        serves = f"{target.name} {deployed.does} {deployed.commit[:12]}{healthy}"
        do(change_status, Status.MITIGATED, serves)

    return begin(hand, f"rollback of {target.name}", work)


def _foresee(hand: Hand) -> str:
    if hand.incident.status.is_over:
        raise NotPossibleNow("it is over")
    began = hand.incident.began_at
    plan = rehearse_rollback(one_target(hand), hand.settings.home, began=began)
    if plan.already_running:
        raise NotPossibleNow(f"{plan.target} runs {plan.to_commit[:12]} already")
    return dry_run_text(plan)


ROLL_BACK = PersonAct(
    name="roll-back",
    title="Roll back",
    does="Deploys the newest release that is proven good, and looks whether it is healthy.",
    right=Right.RESPOND,
    asks=RollBack,
    do=_roll_back,
    undone="Undone by deploying the newer release again.",
    asks_again=True,
    foresee=_foresee,
)
