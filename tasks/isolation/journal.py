"""The journal of what we change to isolate services, written before each change, for the undo."""

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
    """The journal; None when we have isolated nothing of the target.

    Raises InvalidInput when the file cannot be read.
    """
    return _file(target, home).read()


def read_restored(target: str, home: Path) -> IsolationJournal | None:
    """The journal of the last isolation that was undone. Raises as `read_isolation`."""
    return _file(target, home).read_aside(RESTORED)


def begin_isolation(target: str, incident_id: str, home: Path) -> IsolationJournal:
    """The journal of the target's isolation, with this incident added to it."""
    journal = read_isolation(target, home) or IsolationJournal(
        target=target,
        incidents=[incident_id],
        isolated_at=utc_now(),
        # Not just the target's name: another AEEF may use the same Docker.
        quarantine=f"aeef-quarantine-{target}-{secrets.token_hex(4)}",
    )
    if incident_id not in journal.incidents:
        journal = journal.model_copy(update={"incidents": [*journal.incidents, incident_id]})
    write_isolation(journal, home)
    return journal


def note_containers(
    journal: IsolationJournal, containers: list[IsolatedContainer], home: Path
) -> IsolationJournal:
    """Note containers that are about to be changed, replacing earlier entries for them."""
    changed = {each.id: each for each in containers}
    kept = [changed.pop(each.id, each) for each in journal.containers]
    return _changed(journal, home, containers=[*kept, *changed.values()])


def note_command(journal: IsolationJournal, service: str, home: Path) -> IsolationJournal:
    """Note that the target's command is about to isolate a service."""
    if service in journal.commanded:
        return journal
    return _changed(journal, home, commanded=[*journal.commanded, service])


def forget_container(journal: IsolationJournal, identity: str, home: Path) -> IsolationJournal:
    """Remove a container that is fully restored, or gone."""
    left = [each for each in journal.containers if each.id != identity]
    return _changed(journal, home, containers=left)


def forget_command(journal: IsolationJournal, service: str, home: Path) -> IsolationJournal:
    """Remove a service that the target's command has restored."""
    return _changed(journal, home, commanded=[s for s in journal.commanded if s != service])


def write_isolation(journal: IsolationJournal, home: Path) -> None:
    """Write the journal atomically."""
    _file(journal.target, home).write(journal)


def end_isolation(target: str, home: Path) -> None:
    """Set the journal aside after the undo; its incidents can still be read."""
    _file(target, home).set_aside(RESTORED)


def _changed(journal: IsolationJournal, home: Path, **update: object) -> IsolationJournal:
    journal = journal.model_copy(update=update)
    write_isolation(journal, home)
    return journal


def _file(target: str, home: Path) -> ModelFile[IsolationJournal]:
    return ModelFile(home / "isolations" / f"{target}.json", IsolationJournal)
