"""Finds the last known good release, which drift is measured from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from schemas.errors import NoProvenRelease
from schemas.release import Deployment, same_commit
from schemas.settings import Target
from schemas.wording import some
from tasks.target.candidates import newest_usable, refuse_unknown_good
from tasks.target.release_files import find_history
from tasks.target.repository import TargetRepository


class LastKnownGood(NamedTuple):
    """The release to compare with. newer: a later deployment that is not (yet) healthy.

    passed_over: what of the history is not it, each with its reason.
    replicas: how many containers its services had, where that was not one.
    """

    commit: str
    images: Mapping[str, str]
    newer: Deployment | None
    passed_over: tuple[str, ...] = ()
    replicas: Mapping[str, int] = {}


def last_known_good(repository: TargetRepository) -> LastKnownGood | None:
    """The newest healthy release of the history that a rollback could go to; None without any.

    Raises NoProvenRelease when no healthy one can be gone back to, TargetError for a history that
    cannot be read, or that does not tell which is the newest good one.
    """
    history = find_history(repository)
    if history is None:
        return None
    refuse_unknown_good(repository, history)
    search = newest_usable(repository, history, None)
    if not search.found:
        if search.passed_over:
            raise NoProvenRelease(
                "choose baseline",
                f"no healthy release is proven good and can be gone back to:"
                f" {some(search.passed_over, ' | ')}",
            )
        return None
    commit = search.found.commit
    newest = history.newest_first()[0]
    newer = None if same_commit(newest.commit, commit) else newest
    images, seen = history.seen_of(commit)
    replicas = seen.replicas if seen else {}
    return LastKnownGood(commit, images, newer, search.passed_over, replicas)


def read_target_baseline(target: Target) -> LastKnownGood | None:
    """`last_known_good` for a target."""
    with TargetRepository(target) as repository:
        return last_known_good(repository)
