"""Chooses the release for a rollback: one that is proven good, or none."""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.errors import NoProvenRelease, TargetError
from schemas.release import Deployment, History, RollbackPlan, same_commit
from schemas.settings import Target
from tasks.deploy.running_commit import known_to_run, newest_deployed
from tasks.target.release_files import find_history, gates_of
from tasks.target.repository import TargetRepository

_SHA = re.compile(r"[0-9a-f]{7,64}")
_FULL_LENGTHS = (40, 64)
_CHOOSE = "choose release"


def choose_release(target: Target, to_commit: str | None = None) -> RollbackPlan:
    """The release to go back to, and why. Changes nothing and needs no network.

    to_commit: only this commit, whatever its status in the history. Without it: the newest
    healthy release of the history that is proven and is not the failing one.

    Raises NoProvenRelease with the reason for every considered release, TargetError for a
    commit that does not exist or an invalid history.
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
    commit = _full(repository, wanted)
    gates, unproven = gates_of(repository, commit)
    if unproven:
        raise NoProvenRelease(_CHOOSE, f"{commit[:12]} is not proven good: {'; '.join(unproven)}")
    runs = known_to_run(repository)
    return RollbackPlan(
        target=repository.target.name,
        from_commit=_plain(
            runs or newest_deployed(repository, history) or repository.head().commit
        ),
        to_commit=commit,
        chosen_because="it was asked for, and every gate of its provenance passed"
        + _to_fetch(repository, commit)
        + _weaker(repository, history, commit),
        gates=gates,
        images=history.seen_of(commit)[0],
        artefacts=history.seen_of(commit)[1],
        already_running=runs == commit,
    )


def _last_known_good(repository: TargetRepository, history: History) -> RollbackPlan:
    situation = _situation(repository, history)
    skipped: list[str] = []
    for candidate in history.candidates(situation.failing):
        try:
            commit = _full(repository, candidate.commit)
        except TargetError as error:
            skipped.append(f"{candidate.commit[:12]}: {error}")
            continue
        gates, unproven = gates_of(repository, commit)
        if unproven:
            skipped.append(f"{commit[:12]}: {'; '.join(unproven)}")
            continue
        return RollbackPlan(
            target=repository.target.name,
            from_commit=_plain(situation.running or situation.failing),
            to_commit=commit,
            chosen_because=_because(candidate, situation, skipped)
            + _to_fetch(repository, commit)
            + _weaker(repository, history, commit),
            gates=gates,
            images=history.seen_of(commit)[0],
            artefacts=history.seen_of(commit)[1],
            already_running=situation.running == commit,
        )
    failing = (situation.failing or "unknown")[:12]
    found = (
        "none of the healthy releases is proven good: " + " | ".join(skipped)
        if skipped
        else "the history has no healthy release besides"
    )
    raise NoProvenRelease(
        _CHOOSE,
        f"the failing release is {failing} ({situation.why}); {found};"
        " deploy a good release by hand, or name one with --to-commit",
    )


def _situation(repository: TargetRepository, history: History) -> _Situation:
    """Determine which release is failing.

    Normally the running one. But when the newest deployment is not running, and the running
    release is healthy in the history, then that deployment did not last (it failed, or was
    already rolled back): then it is the failing one, not the running release.
    """
    newest = newest_deployed(repository, history)
    running = known_to_run(repository)
    if running is None:
        return _Situation(None, newest, "the newest deployment")
    if newest and not same_commit(newest, running):
        candidates = history.candidates(newest)
        if any(same_commit(entry.commit, running) for entry in candidates):
            return _Situation(running, newest, "the newest deployment, which no longer runs")
    return _Situation(running, running, "what runs")


def _full(repository: TargetRepository, wanted: str) -> str:
    commit = repository.find_commit(wanted)
    if commit:
        return commit
    if len(wanted) in _FULL_LENGTHS:
        return wanted
    raise TargetError(
        _CHOOSE,
        f"{wanted} is no commit in {repository.path}; give the full id if it is only on the remote",
    )


def _to_fetch(repository: TargetRepository, commit: str) -> str:
    if repository.find_commit(commit):
        return ""
    return "; it is not in the repository yet and will be fetched"


def _weaker(repository: TargetRepository, history: History, commit: str) -> str:
    """What an entry lacks that was not written by `aeef record`."""
    images, artefacts = history.seen_of(commit)
    if not repository.target.compose_file or artefacts:
        return ""
    missing = "which files and configuration" if images else "which images, files and configuration"
    return f"; weaker: the history does not say with {missing} it ran"


def _because(candidate: Deployment, situation: _Situation, skipped: list[str]) -> str:
    when = f", deployed {candidate.deployed_at:%Y-%m-%d %H:%M} UTC" if candidate.deployed_at else ""
    failing = (situation.failing or "unknown")[:12]
    reason = (
        f"the newest healthy and proven release{when}, that is not the failing one"
        f" ({failing}: {situation.why})"
    )
    return reason + (f"; skipped {' | '.join(skipped)}" if skipped else "")


def _plain(commit: str | None) -> str | None:
    return commit if commit and len(commit) in _FULL_LENGTHS else None
