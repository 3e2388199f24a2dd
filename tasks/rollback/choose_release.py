"""Chooses the release for a rollback: one that is proven good, or none."""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.errors import NoProvenRelease, TargetError
from schemas.release import Deployment, History, RollbackPlan, same_commit
from schemas.settings import Target
from schemas.wording import some
from tasks.deploy.running_commit import known_to_run, newest_deployed
from tasks.target.candidates import (
    FULL_LENGTHS,
    CannotBeHad,
    Search,
    Usable,
    newest_usable,
    refuse_unknown_newest,
    usable_release,
)
from tasks.target.fetch import Origin
from tasks.target.readable import not_looked_at
from tasks.target.release_files import find_history
from tasks.target.repository import TargetRepository

_SHA = re.compile(r"[0-9a-f]{7,64}")
_CHOOSE = "choose release"


def choose_release(target: Target, to_commit: str | None = None) -> RollbackPlan:
    """The release to go back to, and why. Changes no file, branch or tag.

    to_commit: only this commit, whatever its status in the history. Without it: the newest
    healthy release of the history that is proven, can be had, and is not the failing one.
    A commit that is only on the remote is fetched, within `LOOK_SECONDS`.

    Raises NoProvenRelease with the reason for every considered release, TargetError for a
    commit that cannot be had, and for a history that does not tell which release is failing.
    """
    if to_commit is not None and not _SHA.fullmatch(to_commit):
        raise TargetError(
            _CHOOSE,
            f"{to_commit[:80]!r} is not a commit id; give 7 to 64 characters of 0-9 and a-f",
        )
    with TargetRepository(target) as repository:
        history = find_history(repository)
        if to_commit is not None:
            return _this_commit(repository, history or History(), to_commit)
        if history is None:
            raise NoProvenRelease(
                _CHOOSE,
                f"there is no deployment history at {target.history_path};"
                " name a release with --to-commit",
            )
        return _last_known_good(repository, history)


class _Situation(NamedTuple):
    """The running release (None when unknown), the failing one, and why it is that one."""

    running: str | None
    failing: str | None
    why: str


def _this_commit(repository: TargetRepository, history: History, wanted: str) -> RollbackPlan:
    try:
        usable = usable_release(repository, wanted, Origin(repository))
    except NoProvenRelease as error:
        raise NoProvenRelease(_CHOOSE, f"{wanted[:12]} is not proven good: {error}") from None
    except CannotBeHad as error:
        raise TargetError(error.stage, f"{wanted[:12]} {error}") from None
    commit = usable.commit
    runs = known_to_run(repository)
    before = runs
    if not before and not history.perhaps_newest():
        before = newest_deployed(repository, history) or repository.head().commit
    return RollbackPlan(
        target=repository.target.name,
        from_commit=_plain(before),
        to_commit=commit,
        chosen_because="it was asked for, and every gate of its provenance passed"
        + _fetched(usable)
        + _weaker(repository, history, commit),
        gates=usable.gates,
        images=history.seen_of(commit)[0],
        artefacts=history.seen_of(commit)[1],
        not_looked_at=not_looked_at(repository, commit),
        already_running=runs == commit,
    )


def _last_known_good(repository: TargetRepository, history: History) -> RollbackPlan:
    situation = _situation(repository, history)
    search = newest_usable(repository, history, situation.failing)
    if search.found and search.entry:
        commit = search.found.commit
        return RollbackPlan(
            target=repository.target.name,
            from_commit=_plain(situation.running or situation.failing),
            to_commit=commit,
            chosen_because=_because(search.entry, situation, search)
            + _fetched(search.found)
            + _weaker(repository, history, commit),
            gates=search.found.gates,
            images=history.seen_of(commit)[0],
            artefacts=history.seen_of(commit)[1],
            passed_over=search.passed_over,
            not_looked_at=not_looked_at(repository, commit),
            already_running=situation.running == commit,
        )
    failing = (situation.failing or "unknown")[:12]
    found = (
        "none of the healthy releases is proven good and can be gone back to"
        if history.candidates(situation.failing)
        else "the history has no healthy release besides"
    )
    reasons = f": {some(search.passed_over, ' | ')}" if search.passed_over else ""
    raise NoProvenRelease(
        _CHOOSE,
        f"the failing release is {failing} ({situation.why}); {found}{reasons};"
        " deploy a good release by hand, or name one with --to-commit",
    )


def _situation(repository: TargetRepository, history: History) -> _Situation:
    """Determine which release is failing.

    Normally the running one. But when the newest deployment is not running, and the running
    release is healthy in the history, then that deployment did not last (it failed, or was
    already rolled back): then it is the failing one, not the running release.
    Raises TargetError when the newest deployment is not known, nor what runs.
    """
    running = known_to_run(repository)
    if running is None:
        refuse_unknown_newest(repository, history)
    newest = newest_deployed(repository, history)
    if running is None:
        return _Situation(None, newest, "the newest deployment")
    if newest and not same_commit(newest, running):
        candidates = history.candidates(newest)
        if any(same_commit(entry.commit, running) for entry in candidates):
            return _Situation(running, newest, "the newest deployment, which no longer runs")
    return _Situation(running, running, "what runs")


def _fetched(usable: Usable) -> str:
    return "; it was not in the repository yet, and was fetched" if usable.fetched else ""


def _weaker(repository: TargetRepository, history: History, commit: str) -> str:
    """What an entry lacks that was not written by `aeef record`."""
    images, artefacts = history.seen_of(commit)
    if not repository.target.compose_file or artefacts:
        return ""
    missing = "which files and configuration" if images else "which images, files and configuration"
    return f"; weaker: the history does not say with {missing} it ran"


def _because(candidate: Deployment, situation: _Situation, search: Search) -> str:
    when = f", deployed {candidate.deployed_at:%Y-%m-%d %H:%M} UTC" if candidate.deployed_at else ""
    failing = (situation.failing or "unknown")[:12]
    reason = (
        f"the newest healthy and proven release{when}, that is not the failing one"
        f" ({failing}: {situation.why})"
    )
    skipped = some(search.passed_over, " | ")
    return reason + (f"; skipped {skipped}" if skipped else "")


def _plain(commit: str | None) -> str | None:
    return commit if commit and len(commit) in FULL_LENGTHS else None
