"""Finds the last known good release, which drift is measured from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from schemas.errors import NoProvenRelease
from schemas.release import Deployment, same_commit
from schemas.settings import Target
from tasks.target.release_files import find_history, gates_of
from tasks.target.repository import TargetRepository


class LastKnownGood(NamedTuple):
    """The release to compare with. newer: a later deployment that is not (yet) healthy."""

    commit: str
    images: Mapping[str, str]
    newer: Deployment | None


def last_known_good(repository: TargetRepository) -> LastKnownGood | None:
    """The newest healthy and proven release of the history; None when none is healthy.

    Raises NoProvenRelease when the healthy ones are not proven, TargetError for an invalid
    history.
    """
    history = find_history(repository)
    candidates = history.candidates(None) if history else []
    skipped = []
    for candidate in candidates:
        commit = repository.find_commit(candidate.commit)
        unproven = (
            gates_of(repository, commit)[1] if commit else [f"it is not in {repository.path}"]
        )
        if not commit or unproven:
            skipped.append(f"{candidate.commit[:12]}: {'; '.join(unproven)}")
            continue
        assert history is not None
        newest = history.newest_first()[0]
        entries = [e for e in history.newest_first() if same_commit(e.commit, commit)]
        images = next((entry.images for entry in entries if entry.images), {})
        return LastKnownGood(commit, images, None if same_commit(newest.commit, commit) else newest)
    if skipped:
        raise NoProvenRelease(
            "choose baseline", f"no healthy release is proven good: {' | '.join(skipped)}"
        )
    return None


def read_target_baseline(target: Target) -> LastKnownGood | None:
    """`last_known_good` for a target."""
    with TargetRepository(target) as repository:
        return last_known_good(repository)
