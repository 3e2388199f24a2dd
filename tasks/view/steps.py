"""The steps of an incident as a strip: what was done, what failed and what helps, what is now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.incident import Action, Incident, Phase, Progress
from tasks.base.trim import one_line, short_line
from tasks.view.remedies import remedy_for
from tasks.view.sentence import FAILED, is_repaired

MOST = 8
LONGEST = 90


class StepState(StrEnum):
    """How a step stands."""

    DONE = "done"
    FAILED = "failed"
    REPAIRED = "repaired"
    NOW = "now"
    WAITING = "waiting"


class ShownStep(NamedTuple):
    """One step. remedy: what to do about it; empty: nothing is known, or nothing is needed."""

    said: str
    state: StepState
    at: datetime
    remedy: str = ""


def steps_of(incident: Incident, states: Sequence[Progress]) -> list[ShownStep]:
    """The steps of the present occurrence; of many, the first, the failed and the last ones."""
    actions = [
        each
        for each in incident.actions_taken
        if each.timestamp >= incident.began_at and (each.automated or _is_failure(each))
    ]
    shown = [_step(each, states) for each in actions if not each.action.startswith("status: ")]
    return [*_fewer(shown), *_now(incident, states)]


def _is_failure(action: Action) -> bool:
    return action.action.startswith(("FAILED", "NOBODY WAS PAGED", "nobody was paged"))


def _step(action: Action, states: Sequence[Progress]) -> ShownStep:
    text = action.action
    if not _is_failure(action):
        return ShownStep(short_line(text, LONGEST), StepState.DONE, action.timestamp)
    remedy = remedy_for(text)
    match = FAILED.match(text)
    said = f"{match['step']}: {one_line(match['why'])}" if match else text
    repaired = match is not None and is_repaired(action, states)
    state = StepState.REPAIRED if repaired else StepState.FAILED
    return ShownStep(
        short_line(said, 240),
        state,
        action.timestamp,
        remedy.plain if remedy and not repaired else "",
    )


def _fewer(steps: list[ShownStep]) -> list[ShownStep]:
    if len(steps) <= MOST:
        return steps
    kept = set(range(len(steps) - MOST + 1, len(steps))) | {0}
    kept |= {n for n, each in enumerate(steps) if each.state is StepState.FAILED}
    return [each for n, each in enumerate(steps) if n in kept]


def _now(incident: Incident, states: Sequence[Progress]) -> list[ShownStep]:
    """What each flow is at, by its newest state in this occurrence."""
    newest: dict[str, Progress] = {}
    for each in states:
        if each.at >= incident.began_at:
            newest[each.flow] = each
    shown = []
    for each in newest.values():
        if each.phase is Phase.WORKING:
            shown.append(ShownStep(f"{each.flow}: at it", StepState.NOW, each.at))
        elif each.phase is Phase.WAITING:
            said = short_line(f"{each.flow}: waits: {each.said}", 240)
            shown.append(ShownStep(said, StepState.WAITING, each.at))
        elif each.phase in (Phase.STOPPED, Phase.WITHHELD):
            remedy = remedy_for(each.sentence)
            said = short_line(f"{each.flow}: {each.sentence}", 240)
            shown.append(
                ShownStep(said, StepState.WAITING, each.at, remedy.plain if remedy else "")
            )
    return [] if incident.status.is_over else shown
