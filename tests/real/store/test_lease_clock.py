"""A lease ends when its time is over, whatever somebody does to the time of day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.incident import Alert, IncidentType, Severity
from schemas.model import utc_now
from tasks.store import Store
from tasks.store.database.database import Database
from tasks.store.database.lease_clock import Boot, lease_clock_of, this_boot

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Machine:
    """One machine: seconds since its boot, and a time of day that can be set."""

    def __init__(self) -> None:
        self.name = "boot 1"
        self.up = 0.0
        self.ahead = timedelta()

    @property
    def boot(self) -> Boot:
        """As `this_boot`."""
        return Boot(self.name, lambda: int(self.up * 1_000_000_000))

    def wall(self) -> datetime:
        """The time of day."""
        return datetime(2026, 11, 27, tzinfo=UTC) + timedelta(seconds=self.up) + self.ahead


class Process:
    """A process with the store, on the machine."""

    def __init__(self, home: Path, machine: Machine) -> None:
        url, anchors = f"sqlite:///{home / 'aeef.db'}", home / "audit.anchors"
        self.store = Store(url, anchors, machine.wall, boot=machine.boot)

    def claim(self, incident: str, holder: str) -> str:
        """Claim the page for a minute; the state."""
        return self.store.claim(incident, "page:P1", holder, MINUTE).state


@pytest.fixture
def machine() -> Machine:
    """A machine."""
    return Machine()


@pytest.fixture
def process(home: Path, machine: Machine) -> Iterator[Process]:
    """The first process."""
    home.mkdir()
    made = Process(home, machine)
    yield made
    made.store.close()


@pytest.fixture
def incident(process: Process) -> str:
    """An open incident."""
    alert = Alert(description="shop answers 500")
    opened = process.store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1)
    return str(opened.incident.incident_id)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_time_of_day_that_jumps_neither_ends_nor_holds_a_lease(
    process: Process, incident: str, home: Path, machine: Machine, jump: timedelta
) -> None:
    """Neither in the process that has it, nor in one that starts after the jump."""
    assert "held" == process.claim(incident, "alive")
    machine.ahead = jump
    later = Process(home, machine)
    states = [each.claim(incident, "other") for each in (process, later)]
    machine.up += 61
    after = later.claim(incident, "other")
    later.store.close()

    assert (["busy", "busy"], "held") == (states, after)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_events_and_late_pages_wait_for_no_clock(
    process: Process, incident: str, machine: Machine, jump: timedelta
) -> None:
    """What is due stays due, also when the time of day is an hour before its time."""
    machine.ahead = jump
    machine.up += 1
    (event,) = process.store.lease_events("dispatcher that died", lease=MINUTE)
    assert [] == process.store.lease_events("other")
    machine.up += 61
    (again,) = process.store.lease_events("other")
    late = process.store.open_incidents_missing_claim("page:P1", older_than=timedelta(seconds=10))

    assert event.event_id == again.event_id
    assert [incident] == [str(each.incident_id) for each in late]
    process.store.events_failed([again.event_id], machine.wall() + timedelta(seconds=5))
    assert [] == process.store.lease_events("other")
    machine.up += 6
    assert 1 == len(process.store.lease_events("other"))


def test_after_a_boot_time_goes_on_from_what_is_on_record(
    process: Process, incident: str, home: Path, machine: Machine
) -> None:
    """A machine that begins in 1970 does not hold the leases of processes that are gone."""
    assert "held" == process.claim(incident, "gone")
    machine.up, machine.name, machine.ahead = 1.0, "boot 2", timedelta(days=-20_000)
    after = Process(home, machine)
    machine.up += 61

    assert "held" == after.claim(incident, "other")
    after.store.close()


def test_this_machine_says_which_boot_it_is() -> None:
    """The same each time, and its clock goes forward."""
    boot = this_boot()
    assert boot is not None
    again = this_boot()
    assert again is not None
    assert boot.name == again.name
    assert boot.ticks() <= again.ticks()


def test_several_machines_go_by_their_database(database: str, home: Path) -> None:
    """Whatever the clock of a machine says."""
    home.mkdir()
    opened = Database(database)
    wrong = lease_clock_of(opened, None, lambda: utc_now() + HOUR)
    with opened.read() as connection:
        differs = abs(wrong(connection) - utc_now()) > MINUTE
    opened.close()

    assert differs == database.startswith("sqlite")
