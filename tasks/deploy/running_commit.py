"""Finds the running commit of a target: from the deployer, the history, or the work tree."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir

from schemas.errors import TargetError
from schemas.release import History
from schemas.settings import Target
from tasks.deploy.choose_deployer import deployer_for
from tasks.target.release_files import find_history
from tasks.target.repository import TargetRepository


def running_commit(target: Target) -> str | None:
    """The running commit, as a full id where the repository has it.

    In this order: from `running_command`, or the label that a rollback puts on Compose
    containers; the newest deployment of the history; the commit that is checked out.
    None when an entry that cannot be understood may be the newest deployment.
    Raises TargetError when the repository or its history cannot be read.
    """
    with TargetRepository(target) as repository:
        history = find_history(repository) or History()
        if runs := known_to_run(repository):
            return runs
        if history.perhaps_newest():
            return None
        return newest_deployed(repository, history) or repository.head().commit


def known_to_run(repository: TargetRepository) -> str | None:
    """The commit that is certainly running; None when the deployer does not know."""
    deployer = deployer_for(repository.target, Path(gettempdir()))
    try:
        commit = deployer.running().commit
    except TargetError:  # Docker is down: use the history
        commit = None
    finally:
        deployer.close()
    return full_id(repository, commit)


def newest_deployed(repository: TargetRepository, history: History) -> str | None:
    """The commit of the newest deployment that is understood, whatever its status."""
    newest = next(iter(history.newest_first()), None)
    return full_id(repository, newest.commit) if newest else None


def full_id(repository: TargetRepository, commit: str | None) -> str | None:
    """The full id of a commit; unchanged when the repository does not have it."""
    return (repository.find_commit(commit) or commit) if commit else None
