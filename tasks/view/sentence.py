"""One sentence that says how it stands, from what is on record: what was done, and what is left.

The record's sentences are those of the steps; each pattern here names the step that writes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.incident import Action, Incident, Phase, Progress
from tasks.base.trim import one_line
from tasks.deploy.change import HOTFIXED, ROLLED_BACK
from tasks.view.moments import at

ISOLATED = re.compile(r"isolated (?P<target>\S+), verified: ")
RESTORED = re.compile(
    r"restored (?P<target>\S+): |(?P<other>\S+) is not isolated any more: restored for incident"
)
"""`isolate the service`, `restore the service`, and its note elsewhere (tasks/isolation)."""
NOT_RESTORED = re.compile(r"still isolated")
SUSPENDED = re.compile(r"suspended (?P<target>.+?), verified: ")
RESUMED = re.compile(r"resumed (?P<target>.+?): ")
"""`suspend the agent`, `resume the agent` (tasks/agents)."""
FROZEN = re.compile(r"froze deployments on (?P<target>\S+) until they are released")
RELEASED = re.compile(r"released deployments on (?P<target>\S+), approved by")
"""`freeze the target`, `release the freeze` (tasks/deploy/freeze_target.py)."""
FAILED = re.compile(r"FAILED: (?P<step>[^:]+): (?P<why>.+)", re.DOTALL)
"""Any step (tasks/step.py)."""
LONGEST_WHY = 160

Named = Callable[[str, str], str]
"""What a release is called, given target and commit: `("new checkout", 14:00)`; empty: unknown."""


class Held(NamedTuple):
    """What of the record holds now: the newest of each kind, for each target."""

    replaced: Mapping[str, tuple[re.Match[str], datetime]]
    isolated: Mapping[str, datetime]
    suspended: Mapping[str, datetime]
    frozen: Mapping[str, datetime]
    failed: tuple[str, str] | None


def held_of(incident: Incident, states: Sequence[Progress]) -> Held:
    """What holds now, from the actions of all occurrences: an isolation outlives a relapse."""
    actions = incident.actions_taken
    mine = [each for each in actions if each.timestamp >= incident.began_at]
    return Held(
        replaced={
            match["target"]: (match, each.timestamp)
            for each in mine
            if (match := ROLLED_BACK.match(each.action) or HOTFIXED.match(each.action))
        },
        isolated=_held(actions, ISOLATED, RESTORED, NOT_RESTORED),
        suspended=_held(actions, SUSPENDED, RESUMED),
        frozen=_held(actions, FROZEN, RELEASED),
        failed=failure_in(mine, states),
    )


def _held(
    actions: Iterable[Action],
    begins: re.Pattern[str],
    ends: re.Pattern[str],
    not_quite: re.Pattern[str] | None = None,
) -> dict[str, datetime]:
    """Since when each is held; what was ended is not."""
    held: dict[str, datetime] = {}
    for each in actions:
        if match := begins.match(each.action):
            held.setdefault(match["target"], each.timestamp)
        elif (match := ends.match(each.action)) and not (
            not_quite and not_quite.search(each.action)
        ):
            found = match.groupdict()
            held.pop(found["target"] or found.get("other") or "", None)
    return held


def failure_in(actions: Sequence[Action], states: Sequence[Progress]) -> tuple[str, str] | None:
    """The step that failed and why, unless a run did its work after that."""
    for each in reversed(actions):
        if match := FAILED.match(each.action):
            return None if is_repaired(each, states) else (match["step"], match["why"])
    return None


def is_repaired(action: Action, states: Iterable[Progress]) -> bool:
    """True when a run completed after a step had failed: a Retry, for instance."""
    return any(each.phase is Phase.DONE and each.at >= action.timestamp for each in states)


def sentences_of(
    incident: Incident,
    states: Sequence[Progress],
    now: datetime,
    *,
    named: Named = lambda _target, _commit: "",
    automation: str = "",
) -> list[str]:
    """How it stands; the most important sentence first, and at least one."""
    held = held_of(incident, states)
    said = [*_failed(held), *_contained(held, now, named)]
    if incident.waits_for_word and not incident.status.is_over:
        said.append(
            f"Only guessed: {incident.kind_in_full}. Nothing is isolated, frozen, revoked or"
            " suspended before somebody says that it is so"
        )
    if incident.status.is_over:
        said.insert(0, _over(incident, now))
    elif not said:
        said = [_under_way(states, incident, now)]
    if automation:
        said.append(f"Note: {automation}")
    return said


def _failed(held: Held) -> list[str]:
    if held.failed is None:
        return []
    step, why = held.failed
    return [f"The automation failed at '{step}', a person must take over: {_short(why)}"]


def _contained(held: Held, now: datetime, named: Named) -> list[str]:
    said = [
        f"{target} is OFF for its users since {at(since, now)}; nothing brings it back by itself"
        for target, since in held.isolated.items()
    ]
    for target, (match, since) in held.replaced.items():
        called = named(target, match["failed"])
        release = f"Release {match['failed'][:7]}{f' {called}' if called else ''}"
        if match["failed"] == "unknown":
            release = "The release before"
        does = "back on" if match.re is ROLLED_BACK else "in its place runs the hotfix"
        said.append(
            f"{release} of {target} failed; {does} {match['good'][:7]},"
            f" healthy since {at(since, now)}"
        )
    said += [
        f"Agent {agent} is suspended since {at(since, now)}; nothing resumes it by itself"
        for agent, since in held.suspended.items()
    ]
    said += [
        f"Deployments on {target} are frozen since {at(since, now)}, until somebody releases them"
        for target, since in held.frozen.items()
    ]
    return said


def _over(incident: Incident, now: datetime) -> str:
    ended = f" at {at(incident.resolved_at, now)}" if incident.resolved_at else ""
    cause = f"; cause: {_short(incident.root_cause)}" if incident.root_cause else ""
    return f"It is over{ended}{cause}"


def _under_way(states: Sequence[Progress], incident: Incident, now: datetime) -> str:
    mine = [each for each in states if each.at >= incident.began_at]
    if not mine:
        return f"No runbook has begun yet; it is waited for since {at(incident.began_at, now)}"
    last = max(mine, key=lambda each: (each.after, each.at))
    said = f": {_short(last.said)}" if last.said else ""
    return {
        Phase.WORKING: f"The runbook is at it since {at(last.at, now)}{said}",
        Phase.WAITING: f"The runbook waits{said}",
        Phase.DONE: f"The runbook is done{said or ': it changed nothing by itself'}",
        Phase.FAILED: f"The automation FAILED, a person must take over{said}",
        Phase.WITHHELD: f"Nothing was done by itself, for automation is not on{said}",
        Phase.STOPPED: f"The automation was STOPPED, a person must take over{said}",
    }[last.phase]


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST_WHY else f"{line[: LONGEST_WHY - 1].rstrip()}…"
