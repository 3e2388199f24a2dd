"""The journal of a rollback, for recovery after a crash."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError

from tasks.base.replace_file import replace_file
from tasks.deploy.deployer import Running
from tasks.target.repository import TargetRepository


class Journal(BaseModel):
    """Written before the first change, removed when the rollback is complete or undone.

    head, branch: what was checked out. running: what was running.
    checkout: the two commits of the checkout in progress.
    """

    to_commit: str
    head: str
    branch: str | None = None
    running: Running
    checkout: tuple[str, str] | None = None


def read_journal(repository: TargetRepository) -> Journal | None:
    """The journal of an unfinished rollback; None when there is none."""
    try:
        return Journal.model_validate_json(_path(repository).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def write_journal(repository: TargetRepository, journal: Journal) -> None:
    """Write the journal durably."""
    replace_file(_path(repository), journal.model_dump_json().encode())


def end_journal(repository: TargetRepository) -> None:
    """Remove the journal: the rollback is over."""
    _path(repository).unlink(missing_ok=True)


def _path(repository: TargetRepository) -> Path:
    return repository.aeef / "rollback.json"
