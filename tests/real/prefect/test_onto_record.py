"""What people did in Prefect's UI comes onto the record: once, in order, whatever was away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from deployments.prefect_server.onto_record import put_on_record
from deployments.prefect_server.spool import Kept, Spool
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import Settings
from tasks.store import Store

AT = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
ACTOR = "ann (token)"


@pytest.fixture
def spool(store_settings: Settings) -> Spool:
    """Nothing waits."""
    return Spool(store_settings)


def test_it_is_on_the_record_of_its_incident(store: Store, spool: Spool) -> None:
    """As done by a person, at its own time, and masked as everything is."""
    incident = store.open_or_attach(
        Alert(description="shop answers 500"), IncidentType.SECURITY, Severity.P1
    ).incident
    spool.put(_kept("In Prefect: Retry, run 'shop': accepted", str(incident.incident_id)))

    assert 1 == put_on_record(spool, store)

    last = store.incident(incident.incident_id).actions_taken[-1]
    assert ("In Prefect: Retry, run 'shop': accepted", ACTOR) == (last.action, last.actor)
    assert (AT, False) == (last.timestamp, last.automated)
    assert [] == list(spool.folder.iterdir())
    store.verify_audit()


@pytest.mark.parametrize("named", [None, "0000", str(UUID(int=7)), "%", ""])
def test_what_belongs_to_no_incident_is_in_the_audit_log(
    store: Store, spool: Spool, named: str | None
) -> None:
    """An automation is switched off, or a run names an incident that there is not."""
    spool.put(_kept("In Prefect: Switch off, automation 'AEEF P1': accepted", named))

    assert 1 == put_on_record(spool, store)

    [entry] = store.general_entries(10)
    assert ("In Prefect: Switch off, automation 'AEEF P1': accepted", ACTOR, AT) == (
        entry.action,
        entry.actor,
        entry.timestamp,
    )
    assert 1 == store.verify_audit().entries


def test_it_is_on_record_once_though_its_file_was_not_removed(store: Store, spool: Spool) -> None:
    """Whoever read it died before that."""
    kept = _kept("In Prefect: Delete, run 'shop': accepted")
    for _ in range(2):
        spool.put(kept)
        put_on_record(spool, store)

    assert 1 == store.verify_audit().entries


def test_a_damaged_file_holds_nothing_up(store: Store, spool: Spool) -> None:
    """It is set aside, and the next one comes onto the record."""
    spool.put(_kept("later", at=AT + timedelta(minutes=1)))
    (spool.folder / "0-damaged.json").write_text("{")

    assert 1 == put_on_record(spool, store)

    assert ["0-damaged.unreadable"] == [path.name for path in spool.folder.iterdir()]


def test_nothing_is_lost_while_the_store_is_away(store: Store, spool: Spool) -> None:
    """It waits in its file."""
    spool.put(_kept("In Prefect: Cancel, run 'shop': accepted"))
    store.close()

    class Away(Store):
        """Its database does not answer."""

        def __init__(self) -> None:
            """Nothing is opened."""

        def record_general(self, *_: object, **__: object) -> bool:
            """As when the database is gone."""
            raise ConnectionError("away")

    with pytest.raises(ConnectionError):
        put_on_record(spool, Away())

    assert 1 == len(list(spool.waiting()))


def _kept(action: str, incident: str | None = None, at: datetime = AT) -> Kept:
    return Kept(entry_id=uuid4(), at=at, action=action, actor=ACTOR, incident=incident)
