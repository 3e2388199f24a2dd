"""Moments are noted with the change that brings them about; a changed time is found."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from fixtures.intake import Intake, StartIntake
from fixtures.store import Clock
from older_store import back_to_before
from schemas.errors import AuditBroken, NotPossibleNow
from schemas.figures import Moment
from schemas.incident import Alert, IncidentType, Severity, Status
from schemas.lifecycle import Disposition
from schemas.model import utc_now
from standins.slack import Slack
from support import wait_until
from tasks.channels.alertmanager.channel import Alertmanager
from tasks.channels.channel import Channel
from tasks.channels.pagerduty.channel import PagerDuty
from tasks.notify import page_record, page_round
from tasks.store import Store
from tasks.store.claim_keys import page_key, team_page_key
from tasks.store.database.database import database_url
from tasks.store.waiting.untaken import UntakenPage

MINUTE = timedelta(minutes=1)
SHOP = Alert(description="shop answers 500", service="shop", labels={"team": "payments"})


@pytest.fixture
def lived(store: Store, clock: Clock) -> UUID:
    """An incident that was paged, taken, contained, mitigated, and broke out again."""
    incident = store.open_or_attach(SHOP, IncidentType.DRIFT, Severity.P2).incident.incident_id
    clock.advance(MINUTE)
    store.record_action(incident, "paged", moment=Moment.PAGED)
    store.acknowledge(incident, actor="ann")
    clock.advance(MINUTE)
    store.record_action(incident, "isolated", moment=Moment.CONTAINED)
    store.record_action(incident, "isolated again", moment=Moment.CONTAINED, actor="ann")
    store.set_status(incident, Status.MITIGATED, actor="aeef-runbooks")
    clock.advance(MINUTE)
    store.relapse(incident, "broken again", actor="x")
    store.lifecycle.take(incident, actor="ann")
    store.lifecycle.resolve(incident, Disposition.FIXED, cause="it", actor="ann")
    return incident


def test_each_is_noted_once_and_by_whom(store: Store, lived: UUID) -> None:
    """The audit log has it too; the machine's and people's are told apart."""
    first, second = store.moments.of(lived)

    assert set(first.at) == {*Moment} - {Moment.RESOLVED, Moment.CLOSED}
    assert first.by_machine == {Moment.PAGED, Moment.CONTAINED, Moment.MITIGATED}
    assert set(second.at) == {Moment.DETECTED, Moment.ACKNOWLEDGED, Moment.RESOLVED}
    assert second.by_machine == frozenset()
    assert second.at[Moment.DETECTED] > first.at[Moment.MITIGATED]
    entries = [each for each in store.timeline(lived) if "moment" in each.details]
    assert [each.timestamp for each in entries[1:5]] == list(first.at.values())[1:5]
    assert len(entries) == len(first.at) + len(second.at)
    store.verify_audit()


def test_what_is_opened_again_was_not_over(store: Store, clock: Clock, lived: UUID) -> None:
    """The next time counts."""
    store.lifecycle.reopen(lived, actor="ann", reason="no")
    assert Moment.RESOLVED not in store.moments.of(lived)[1].at
    store.verify_audit()
    clock.advance(MINUTE)
    store.lifecycle.resolve(lived, Disposition.FIXED, cause="it", actor="ann")
    second = store.moments.of(lived)[1]

    took = second.took(Moment.RESOLVED)
    assert took is not None
    assert took >= MINUTE
    store.verify_audit()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("mitigated_at = detected_at", "mitigated_at"),
        ("resolved_us = 1", "resolved_us"),
        ("by_machine = ''", "by_machine"),
        ("severity = 'P4'", "severity"),
        ("team = 'search'", "team"),
        ("is_drill = 1", "is_drill"),
    ],
)
def test_a_changed_time_is_found(
    store: Store, database: str, lived: UUID, change: str, said: str
) -> None:
    """And named."""
    _as_anybody(database, f"UPDATE aeef_moments SET {change}")  # noqa: S608 (constants)

    with pytest.raises(AuditBroken, match=f"{said} of incident {lived}"):
        store.verify_audit()


def test_a_removed_occurrence_and_a_lifted_mark_are_found(
    store: Store, database: str, lived: UUID
) -> None:
    """Nothing of it is left out quietly."""
    _as_anybody(database, "UPDATE aeef_incidents SET is_drill = 1")
    with pytest.raises(AuditBroken, match="marked as a drill"):
        store.verify_audit()
    _as_anybody(database, "UPDATE aeef_incidents SET is_drill = 0")
    _as_anybody(database, "DELETE FROM aeef_moments WHERE occurrence = 2")
    with pytest.raises(AuditBroken, match=f"1 occurrences of incident {lived}"):
        store.verify_audit()


def test_an_upgrade_reads_them_from_the_entries(
    database: str, home: Path, store: Store, lived: UUID
) -> None:
    """As they were, with severity, service and how long they took."""
    before, counted = store.moments.of(lived), _rows(database)
    store.close()
    back_to_before(database, "0023")
    after = Store(database, home / "audit.anchors")

    assert after.moments.of(lived) == before
    assert _rows(database) == counted
    after.verify_audit()
    after.close()


def test_severity_and_service_follow_the_incident(store: Store, database: str, lived: UUID) -> None:
    """Of every occurrence."""
    store.lifecycle.reopen(lived, actor="ann", reason="no")
    store.lifecycle.set_severity(lived, Severity.P1, actor="ann", reason="worse")
    store.lifecycle.set_services(lived, add=["cart"], remove=["shop"], actor="ann")

    found = {(row["severity"], row["service"], row["team"]) for row in _rows(database)}
    assert found == {("P1", "cart", "payments")}
    store.verify_audit()


def test_a_drill_is_never_one_with_what_is_real(store: Store) -> None:
    """Neither joins the other, nor is it merged into it; and it says what it is."""
    real = store.open_or_attach(SHOP, IncidentType.DRIFT, Severity.P2).incident
    drill_alert = SHOP.model_copy(update={"labels": {"drill": "true"}})
    drill = store.open_or_attach(drill_alert, IncidentType.DRIFT, Severity.P2)
    again = store.open_or_attach(drill_alert, IncidentType.DRIFT, Severity.P2)

    assert drill.is_new
    assert again.incident.incident_id == drill.incident.incident_id
    assert drill.incident.title.startswith("DRILL P2")
    assert not real.title.startswith("DRILL")
    assert [each.is_drill for each in store.moments.of(drill.incident.incident_id)] == [True]
    with pytest.raises(NotPossibleNow, match="drill"):
        store.lifecycle.merge(real.incident_id, drill.incident.incident_id, actor="ann")
    store.verify_audit()


def test_drills_take_no_page_from_what_is_real(store: Store) -> None:
    """They are counted apart, and no drill's page tells of something real."""

    def page(service: str, drill: str = "false") -> tuple[UUID, UUID | None]:
        alert = Alert(description="bad", service=service, labels={"drill": drill})
        incident = store.open_or_attach(alert, IncidentType.DRIFT, Severity.P2).incident
        found = store.collect_page(incident, "page", "on-call", above=1, within=MINUTE)
        return incident.incident_id, found and found.carrier.incident_id

    (_, rang), (drill, by_drill) = page("shop", "true"), page("till", "true")
    (_, first), (second, carrier) = page("shop"), page("till")

    assert (rang, by_drill) == (None, drill)
    assert (first, carrier) == (None, second)


@pytest.mark.parametrize(
    ("subject", "channel", "rang"),
    [
        ("", Alertmanager(), True),
        ("security", Alertmanager(), False),
        ("security", PagerDuty(), True),
    ],
)
def test_a_second_alert_that_may_ring_nobody_has_not_paged(
    store: Store, subject: str, channel: Channel, rang: bool
) -> None:
    """Where an incident has one alert, another subject only joins it."""
    incident = store.open_or_attach(SHOP, IncidentType.DRIFT, Severity.P2).incident
    key = team_page_key(incident, subject) if subject else page_key(incident)
    now = utc_now()
    times = {"began_at": now, "since": now, "tried_at": now, "due_at": now}
    page = UntakenPage(incident_id=incident.incident_id, key=key, **times)
    page_record.done(incident, page, channel, {}, None, store)

    [(labels, _)] = store.tallies.all()["aeef_pages"]
    assert (Moment.PAGED in store.moments.of(incident.incident_id)[0].at) is rang
    assert (labels["outcome"] == "rang") is rang


def test_a_late_page_of_an_earlier_occurrence_has_not_paged_for_the_relapse(
    store: Store, clock: Clock
) -> None:
    """Nobody was paged for the relapse yet, and the record says which one that page was for."""
    of = store.open_or_attach(SHOP, IncidentType.DRIFT, Severity.P2).incident.incident_id

    def begun() -> UntakenPage:
        incident = store.incident(of)
        return page_round.first(store, incident, page_key(incident), None, None, even_if_over=False)

    def rang(page: UntakenPage) -> None:
        page_record.done(store.incident(of), page, PagerDuty(), {}, None, store)

    late = begun()
    store.set_status(of, Status.MITIGATED, actor="x")
    clock.advance(MINUTE)
    store.relapse(of, "broken again", actor="x")
    rang(late)
    assert [False, False] == [Moment.PAGED in each.at for each in store.moments.of(of)]
    clock.advance(MINUTE)
    rang(begun())

    took = store.moments.of(of)[1].took(Moment.PAGED)
    assert took is not None
    assert took >= MINUTE
    said = [each.action for each in store.timeline(of) if each.action.startswith("paged")]
    assert ["paged on-call by PagerDuty", "paged on-call by PagerDuty (occurrence 2)"] == said
    store.verify_audit()


def _as_anybody(database: str, statement: str) -> None:
    engine = create_engine(database_url(database))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _rows(database: str) -> list[dict[str, object]]:
    engine = create_engine(database_url(database))
    with engine.begin() as connection:
        found = connection.execute(text("SELECT * FROM aeef_moments ORDER BY occurrence"))
        rows = [dict(row) for row in found.mappings()]
    engine.dispose()
    return rows


def test_what_only_tells_has_not_paged(start_intake: StartIntake, slack: Slack) -> None:
    """It rings nobody."""
    intake = start_intake(slack)
    only_told = intake.report()
    wait_until(lambda: any("told on-call" in each for each in intake.actions(only_told)))
    assert Moment.PAGED not in intake.store.moments.of(only_told)[0].at


def test_what_took_a_page_and_rings_has_paged(intake: Intake) -> None:
    """By the machine."""
    incident = intake.report()
    of = intake.store.moments.of
    wait_until(lambda: Moment.PAGED in of(incident)[0].at)

    assert Moment.PAGED in of(incident)[0].by_machine
