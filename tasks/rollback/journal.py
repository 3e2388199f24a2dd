"""What a rollback needs to know after a crash: what ran before it, and how far git had come."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError

from tasks.base.replace_file import replace_file
from tasks.deploy.deployer import Running
from tasks.target.repository import TargetRepository


class Journal(BaseModel):
    """Written before the first change, gone when the rollback is complete or put back.

    head, branch: what was checked out. running: what ran.
    checkout: the commits between which git goes at this moment.
    """

    to_commit: str
    head: str
    branch: str | None = None
    running: Running
    checkout: tuple[str, str] | None = None


def read_journal(repository: TargetRepository) -> Journal | None:
    """The journal that an unfinished rollback left, if there is one."""
    try:
        return Journal.model_validate_json(_path(repository).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def write_journal(repository: TargetRepository, journal: Journal) -> None:
    """Make the journal durable."""
    replace_file(_path(repository), journal.model_dump_json().encode())


def end_journal(repository: TargetRepository) -> None:
    """The rollback is over."""
    _path(repository).unlink(missing_ok=True)


def _path(repository: TargetRepository) -> Path:
    return repository.aeef / "rollback.json"
