"""What people said of the automation, and what it has done, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from fixtures.store import Clock
from processes.store_workers import begin_at_once, in_processes
from schemas.automation import Act, Limit, Mode
from schemas.errors import ConfigurationError
from schemas.incident import Alert, IncidentType, Severity
from schemas.masking import Masker, MaskingSettings
from tasks.store import Store
from tasks.store.database.database import database_url

LIMIT = Limit(per_hour=1, per_day=2)
HOUR = timedelta(hours=1)


def opened(store: Store, name: str = "x") -> str:
    """The id of an incident."""
    alert = Alert(description="x", dedup_key=name)
    return str(store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1).incident.incident_id)


def begin(store: Store, incident_id: str) -> bool:
    """True when an automatic rollback of the shop may begin."""
    return not store.begin_act(incident_id, Act.ROLLBACK, "shop", actor="test", limit=LIMIT)


def test_two_that_ask_at_once_do_not_both_get_the_last(
    store: Store, database: str, home: Path
) -> None:
    """Eighteen incidents in three processes: three rollbacks begin, and no more."""
    incidents = [opened(store, str(number)) for number in range(6)]

    results = in_processes(3, begin_at_once, database, str(home), incidents)

    # An incident that has begun goes on with it, whichever process asks.
    begun = {
        incident
        for result in results
        for incident, why in zip(incidents, result, strict=True)
        if why is None
    }
    assert 3 == len(begun) == len(store.acts_begun(Act.ROLLBACK, "shop"))


def test_the_windows_move_with_the_clock(store: Store, clock: Clock) -> None:
    """One an hour, two a day."""
    first, second, third, fourth = (opened(store, str(number)) for number in range(4))
    done = [begin(store, first), begin(store, second)]
    clock.advance(HOUR)
    done += [begin(store, second)]
    clock.advance(HOUR)
    done += [begin(store, third)]
    clock.advance(timedelta(hours=23))
    done += [begin(store, third), begin(store, fourth)]

    assert [True, False, True, False, True, False] == done
    assert [True] == [each.automated for each in store.acts_begun(Act.ROLLBACK, "shop")]


def test_a_word_is_there_after_a_restart_until_its_time_is_over(
    store: Store, clock: Clock, database: str, home: Path
) -> None:
    """Then what was said before holds again."""
    store.set_automation(Mode.OBSERVE, why="first", actor="anna")
    store.set_automation(Mode.OFF, target="shop", why="then", actor="bob", lasts=4 * HOUR)
    again = Store(database, home / "audit.anchors", clock)
    try:
        word = again.automation().of("shop")
        other = again.automation().of("crm")
        clock.advance(4 * HOUR)
        after = again.automation().of("shop")
    finally:
        again.close()

    assert (Mode.OFF, "then", "bob", "shop") == (word.mode, word.why, word.actor, word.target)
    assert (Mode.OBSERVE, "first") == (other.mode, other.why)
    assert other == after


def test_each_word_is_on_the_audit_log_without_an_incident(store: Store, database: str) -> None:
    """As a person's, and the chain holds."""
    word = store.set_automation(Mode.OFF, why="it moves\x00", actor="anna")
    engine = create_engine(database_url(database))
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM aeef_audit")).one()
    engine.dispose()

    assert (row.incident_id, row.actor, row.automated) == (None, "anna", 0)
    assert str(word) == row.action
    assert 1 == store.verify_audit().entries


def test_a_word_that_nobody_understands_is_an_error_until_it_is_said_anew(
    store: Store, database: str
) -> None:
    """It may be a newer version's."""
    store.set_automation(Mode.OFF, why="w", actor="anna")
    engine = create_engine(database_url(database))
    with engine.begin() as connection:
        connection.execute(text("UPDATE aeef_automation SET mode = 'half'"))
    engine.dispose()

    with pytest.raises(ConfigurationError, match="says it anew"):
        store.automation()
    store.set_automation(Mode.ON, why="w", actor="anna")
    assert Mode.ON is store.automation().of().mode


def test_the_reason_is_masked(database: str, home: Path) -> None:
    """It stands in pages and on the audit log."""
    home.mkdir()
    store = Store(database, home / "audit.anchors", masker=Masker(MaskingSettings(), b"k" * 32))
    try:
        word = store.set_automation(Mode.OFF, why="ask ada@example.com", actor="anna")
    finally:
        store.close()

    assert "ada@example.com" not in word.why
