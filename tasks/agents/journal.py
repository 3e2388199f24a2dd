"""The journal of what we change to suspend an agent, written before each change, for the undo."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from schemas.agents import AgentStatus, NamedAgent, SuspensionJournal
from schemas.model import utc_now
from tasks.base.model_file import ModelFile

RESUMED = ".resumed"


def suspension_lock(agent: NamedAgent, home: Path) -> AbstractContextManager[int]:
    """One suspension or resumption of an agent at a time, on this machine."""
    return _file(agent, home).lock()


def read_suspension(agent: NamedAgent, home: Path) -> SuspensionJournal | None:
    """The journal; None when we have not suspended the agent.

    Raises InvalidInput when the file cannot be read.
    """
    return _file(agent, home).read()


def suspensions(target: str, home: Path) -> list[SuspensionJournal]:
    """The journal of each agent of the target that we have suspended.

    Raises InvalidInput when a file cannot be read.
    """
    paths = sorted((home / "suspensions" / target).glob("*.json"))
    found = [ModelFile(path, SuspensionJournal).read() for path in paths]
    return [journal for journal in found if journal is not None]


def begin_suspension(agent: NamedAgent, incident_id: str, home: Path) -> SuspensionJournal:
    """The journal of the agent's suspension, with this incident added to it."""
    journal = read_suspension(agent, home) or SuspensionJournal(
        agent=agent, incidents=[incident_id], suspended_at=utc_now()
    )
    if incident_id not in journal.incidents:
        journal = journal.model_copy(update={"incidents": [*journal.incidents, incident_id]})
    write_suspension(journal, home)
    return journal


def note_status(journal: SuspensionJournal, status: AgentStatus, home: Path) -> SuspensionJournal:
    """Note the registry's original status; a second suspension does not overwrite it."""
    if journal.previous_status is None and status is not AgentStatus.SUSPENDED:
        journal = journal.model_copy(update={"previous_status": status})
        write_suspension(journal, home)
    return journal


def note_container(journal: SuspensionJournal, container: str, home: Path) -> SuspensionJournal:
    """Note a container that is about to be paused."""
    if container not in journal.paused_containers:
        paused = [*journal.paused_containers, container]
        journal = journal.model_copy(update={"paused_containers": paused})
        write_suspension(journal, home)
    return journal


def note_order(journal: SuspensionJournal, home: Path) -> SuspensionJournal:
    """Note that an order is about to be sent to the control plane."""
    journal = journal.model_copy(update={"told_control_plane": True})
    write_suspension(journal, home)
    return journal


def write_suspension(journal: SuspensionJournal, home: Path) -> None:
    """Write the journal atomically."""
    _file(journal.agent, home).write(journal)


def end_suspension(agent: NamedAgent, home: Path) -> None:
    """Set the journal aside after the undo; its incidents can still be read."""
    _file(agent, home).set_aside(RESUMED)


def read_resumed(agent: NamedAgent, home: Path) -> SuspensionJournal | None:
    """The journal of the last suspension that was undone. Raises as `read_suspension`."""
    return _file(agent, home).read_aside(RESUMED)


def _file(agent: NamedAgent, home: Path) -> ModelFile[SuspensionJournal]:
    path = home / "suspensions" / agent.target / f"{agent.agent_id}.json"
    return ModelFile(path, SuspensionJournal)
