"""Whether a release is well: one look at it, or looks until it has held for a while.

One verdict for everybody: the health address or command gives a good answer, and no container of
the release has ended, keeps being restarted, or is unhealthy by its own healthcheck.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import gettempdir
from typing import NamedTuple

from schemas.errors import TargetError
from schemas.health import (
    Condition,
    Judgement,
    judge_answer,
    not_well,
    restarted_lately,
    restarted_since,
)
from schemas.model import utc_now
from schemas.settings import Target
from tasks.base.http_look import NoAnswerError, http_look, shown_address
from tasks.base.run_command import run_command, without_credentials
from tasks.base.trim import one_line
from tasks.base.within import within
from tasks.deploy.choose_deployer import deployer_for

Look = Callable[[], Condition]
"""Looks at the containers of a target, as `Deployer.condition` does."""
_LONGEST_ANSWER = 1_000_000
_CONTAINERS_WITHIN = 15.0
_COMPOSE_WITHIN = 20.0
"""Seconds for a look at the containers; the second where Compose has to read its files first."""


class Verdict(NamedTuple):
    """What one look came to. problem: None when it is well. said: what was seen, in words."""

    problem: str | None
    said: str


class _Seen(NamedTuple):
    """One look. problem: what is wrong, in words. condition: None when it was not to be seen."""

    problem: str | None
    condition: Condition | None


def not_looked_at() -> Condition:
    """The condition of a target whose containers nobody looks at."""
    return Condition(seen=False)


def look_once(target: Target) -> Verdict:
    """Look once, at what it answers and at its containers; one that was just restarted is not well.

    Ends in time, whatever the target does. Raises nothing for what it sees.
    """
    with closing(deployer_for(target, Path(gettempdir()))) as deployer:
        answer = ask(target)
        seen = _seen(deployer.condition, _COMPOSE_WITHIN)
        problem = _both(None if answer.good else answer.said, seen.problem or _lately(seen))
    said = f"{answer.said}; {_in_words(seen.condition)}" if seen.condition else answer.said
    return Verdict(problem, said)


def unhealthy_because(target: Target) -> str | None:
    """Look once, as `look_once`: None when the target is well, else what is wrong."""
    return look_once(target).problem


def wrong_now(look: Look) -> str | None:
    """What is wrong with its containers at this moment, with exit codes and last lines."""
    return _seen(look, _CONTAINERS_WITHIN).problem


def wait_until_healthy(
    target: Target,
    look: Look = not_looked_at,
    *,
    fresh: bool = True,
    report: Callable[[str], None] = lambda _: None,
    deadline: float | None = None,
) -> float:
    """Look until all has been well for the settle window; return the seconds that it took.

    Well: `successes` good answers in a row at least, and no container ended, unhealthy or started
    again meanwhile. A restart starts the window again: an application may crash until its database
    is there, as long as it holds afterwards.

    fresh: it was just started. For what has been running for a time, `successes` good looks
    suffice, none of which sees a container that was restarted lately.
    deadline: seconds, by default from the health settings. Raises TargetError (stage `health`)
    with what was wrong at last when it is exceeded.
    """
    health = target.health
    limit = health.deadline if deadline is None else deadline
    window = health.window if fresh else 0.0
    started = time.monotonic()
    last: str | None = None
    reported: set[str] = set()
    before: Condition | None = None
    well_since, in_a_row = started, 0
    # A look that starts in time may end a little later: half an answer would be useless.
    while (asked := time.monotonic()) < started + limit:
        problem, before = _look(target, look, before, fresh)
        if problem:
            last, in_a_row = problem, 0
            line = one_line(problem)
            if (kind := _kind(line)) not in reported:
                reported.add(kind)
                report(f"not healthy yet: {line[:500]}")
        else:
            well_since = asked if in_a_row == 0 else well_since
            in_a_row += 1
            if in_a_row >= health.successes and asked - well_since >= window:
                took = time.monotonic() - started
                report(
                    f"healthy after {took:.1f} s ({in_a_row} good answers in a row;"
                    f" {_in_words(before)})"
                )
                return took
        following = asked + health.interval
        if in_a_row >= health.successes:
            following = min(following, well_since + window)
        time.sleep(max(0.0, min(following, started + limit) - time.monotonic()))
    held = f" and {window:g} s without a problem" if window else ""
    raise TargetError(
        "health",
        f"not {health.successes} good answers in a row{held} within {limit:g} s;"
        f" last problem: {last or 'none'}",
    )


def _kind(problem: str) -> str:
    """The problem without its numbers and last lines: a crash loop is reported once."""
    return re.sub(r"\d+", "", problem.partition("; the last it said")[0])


def ask(target: Target) -> Judgement:
    """Ask the health address or command once, and judge the answer; ends within `timeout`."""
    health = target.health
    if not health.url:
        finished = run_command(
            health.command, cwd=target.repository, timeout=health.timeout, grace=0.2
        )
        good = finished.problem is None
        return Judgement(good, "the health command ended with 0" if good else str(finished))
    shown = shown_address(health.url)
    try:
        seen = http_look(health.url, seconds=health.timeout, longest=_LONGEST_ANSWER)
    except NoAnswerError as error:
        return Judgement(False, f"{shown} {error}")
    judged = judge_answer(seen.status, seen.body, health)
    leads = ""
    if 300 <= seen.status < 400 and not judged.good:
        leads = ", a redirect, which is not followed"
    return Judgement(judged.good, f"{shown} {without_credentials(judged.said)}{leads}")


def _look(
    target: Target, look: Look, before: Condition | None, fresh: bool
) -> tuple[str | None, Condition | None]:
    """One look of several: its problem, and what the next one is compared with."""
    answer = ask(target)
    seen = _seen(look, _CONTAINERS_WITHIN)
    problem = seen.problem
    if seen.condition and not problem:
        if not fresh:
            problem = _lately(seen)
        elif before:
            problem = restarted_since(before, seen.condition)
    return _both(None if answer.good else answer.said, problem), seen.condition or before


def _seen(look: Look, seconds: float) -> _Seen:
    try:
        condition = within(seconds, look)
    except TargetError as error:
        return _Seen(f"its containers could not be looked at: {error}", None)
    except TimeoutError as error:
        return _Seen(f"its containers could not be looked at: Docker {error}", None)
    return _Seen(not_well(condition), condition)


def _lately(seen: _Seen) -> str | None:
    return restarted_lately(seen.condition, utc_now()) if seen.condition else None


def _both(*problems: str | None) -> str | None:
    return "; ".join(each for each in problems if each) or None


def _in_words(condition: Condition | None) -> str:
    """What was seen of its containers."""
    if condition is None or not condition.seen:
        return "its processes were not looked at: it is deployed by a command"
    done = sum(each.did_its_work for each in condition.containers)
    running = sum(each.status == "running" for each in condition.containers)
    ended = f", {done} ended with 0" if done else ""
    return f"{running} {'container' if running == 1 else 'containers'} running{ended}"
