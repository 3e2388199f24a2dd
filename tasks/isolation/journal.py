"""Remembers what was changed to isolate services, before it is changed: the undo needs it."""

from __future__ import annotations

import secrets
from contextlib import AbstractContextManager
from pathlib import Path

from schemas.isolation import IsolatedContainer, IsolationJournal
from schemas.model import utc_now
from tasks.base.model_file import ModelFile

RESTORED = ".restored"


def isolation_lock(target: str, home: Path) -> AbstractContextManager[int]:
    """One isolation or restoration of a target's services at a time, on this machine."""
    return _file(target, home).lock()


def read_isolation(target: str, home: Path) -> IsolationJournal | None:
    """What we did; None when nothing of the target is isolated by us.

    Raises InvalidInput when the file cannot be read.
    """
    return _file(target, home).read()


def read_restored(target: str, home: Path) -> IsolationJournal | None:
    """The last isolation that was undone. Raises as `read_isolation`."""
    return _file(target, home).read_aside(RESTORED)


def begin_isolation(target: str, incident_id: str, home: Path) -> IsolationJournal:
    """The journal of the target's isolation, which also this incident asks for."""
    journal = read_isolation(target, home) or IsolationJournal(
        target=target,
        incidents=[incident_id],
        isolated_at=utc_now(),
        # Not only the target's name: another AEEF may use the same Docker.
        quarantine=f"aeef-quarantine-{target}-{secrets.token_hex(4)}",
    )
    if incident_id not in journal.incidents:
        journal = journal.model_copy(update={"incidents": [*journal.incidents, incident_id]})
    write_isolation(journal, home)
    return journal


def note_containers(
    journal: IsolationJournal, containers: list[IsolatedContainer], home: Path
) -> IsolationJournal:
    """Remember containers that are about to be changed, instead of what is known of them."""
    changed = {each.id: each for each in containers}
    kept = [changed.pop(each.id, each) for each in journal.containers]
    return _changed(journal, home, containers=[*kept, *changed.values()])


def note_command(journal: IsolationJournal, service: str, home: Path) -> IsolationJournal:
    """Remember that the target's command is about to isolate a service."""
    if service in journal.commanded:
        return journal
    return _changed(journal, home, commanded=[*journal.commanded, service])


def forget_container(journal: IsolationJournal, identity: str, home: Path) -> IsolationJournal:
    """A container has everything back, or is gone."""
    left = [each for each in journal.containers if each.id != identity]
    return _changed(journal, home, containers=left)


def forget_command(journal: IsolationJournal, service: str, home: Path) -> IsolationJournal:
    """The target's command has restored a service."""
    return _changed(journal, home, commanded=[s for s in journal.commanded if s != service])


def write_isolation(journal: IsolationJournal, home: Path) -> None:
    """Write it in one step."""
    _file(journal.target, home).write(journal)


def end_isolation(target: str, home: Path) -> None:
    """Everything is undone; which incidents it was for stays known."""
    _file(target, home).set_aside(RESTORED)


def _changed(journal: IsolationJournal, home: Path, **update: object) -> IsolationJournal:
    journal = journal.model_copy(update=update)
    write_isolation(journal, home)
    return journal


def _file(target: str, home: Path) -> ModelFile[IsolationJournal]:
    return ModelFile(home / "isolations" / f"{target}.json", IsolationJournal)
