"""A lever that disarms opens one incident, which ends when it is armed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import AuditBroken
from schemas.incident import Incident, Severity, Status
from schemas.settings import Settings
from tasks.armed.follow import check_all, check_some
from tasks.armed.lever import Disarmed, Lever, NotConfigured
from tasks.armed.table import read_table
from tasks.store import Store, open_store

SECRET = "R0123456789ABCDEF0123456789ABCDE"


@pytest.fixture
def settings(home: Path) -> Settings:
    """No target and no channel."""
    return Settings.model_validate({"home": home, "pagerduty": {"routing_key": SECRET}})


@pytest.fixture
def kept(settings: Settings) -> Iterator[Store]:
    """The store of these settings."""
    store = open_store(settings)
    yield store
    store.close()


def lever(problem: Exception | None = None, **more: object) -> Lever:
    """A lever that is armed, or is not for this reason."""

    def check() -> str:
        if problem is not None:
            raise problem
        return "seen to work"

    return Lever("the pager", check, "shop", **more)  # type: ignore[arg-type]


def only(store: Store) -> Incident:
    """The only incident there is."""
    (incident,) = store.incidents()
    return incident


def test_a_lever_that_disarms_opens_an_incident(settings: Settings, kept: Store) -> None:
    """Of its severity, about its service, without secrets; once, however often it is tried."""
    check_some([lever()], settings)
    assert [] == kept.incidents()
    for _ in range(3):
        check_some([lever(Disarmed(f"key {SECRET} is refused"))], settings)
    incident = only(kept)

    assert (incident.type, incident.severity, incident.service) == ("unknown", "P3", "shop")
    assert incident.description.startswith("disarmed: the pager: key ")
    assert SECRET not in incident.description
    assert "It was armed when it was tried last" in incident.description
    assert 1 == len(incident.actions_taken)
    assert ["aeef.incident.detected"] == [each.event for each in kept.lease_events("test")]


def test_another_reason_is_put_on_record(settings: Settings, kept: Store) -> None:
    """In the same incident."""
    for problem in (None, Disarmed("no route"), Disarmed("bad key"), Disarmed("bad key")):
        check_some([lever(problem)], settings)

    assert [each.action for each in only(kept).actions_taken[1:]] == ["still disarmed: bad key"]


@pytest.mark.parametrize(
    ("end", "said"), [(None, "armed again: seen"), (NotConfigured("set X"), "no longer configured")]
)
def test_it_ends_when_the_lever_is_armed_again(
    settings: Settings, kept: Store, end: Exception | None, said: str
) -> None:
    """And the next time it disarms there is another."""
    for problem in (None, Disarmed("bad key"), end):
        check_some([lever(problem)], settings)
    incident = only(kept)
    assert incident.status is Status.RESOLVED
    assert said in incident.actions_taken[-1].action
    check_some([lever()], settings)
    check_some([lever(Disarmed("bad key"))], settings)

    assert 2 == len(kept.incidents())


def test_what_was_never_armed_is_no_news(settings: Settings, kept: Store) -> None:
    """A new installation without a pager is not an incident; it stands in the table."""
    check_some([lever(Disarmed("not set up yet"))], settings)
    table = read_table(settings.home)

    assert [] == kept.incidents()
    assert table is not None
    assert table.headline.startswith("armed 0 of 1; not since ")


def test_a_witness_that_is_not_intact_is_more_serious(settings: Settings, kept: Store) -> None:
    """It is intact from the start, so it need not have been seen so."""
    broken = lever(AuditBroken("line 3"), severity=Severity.P2, from_the_start=True)
    check_some([broken], settings)

    assert only(kept).severity is Severity.P2


def test_all_of_a_real_installation(settings: Settings, kept: Store) -> None:
    """The table has every lever; a vanished anchor file opens the incident of the audit log."""
    kept.accept_missing_anchors("to have an entry", actor="ada")
    table = check_all(settings)
    outcomes = {row.lever: str(row.outcome) for row in table.rows}
    settings.anchors_path.unlink()
    after = check_all(settings)

    assert {"incident store": "ok", "audit log": "ok", "disk": "ok"}.items() <= outcomes.items()
    assert "audit log" in after.headline
    assert "audit anchors are gone" in only(kept).description
