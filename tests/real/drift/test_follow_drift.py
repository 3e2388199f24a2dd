"""The incident of a drift: opened once, extended when it grows, resolved when it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployments.cli.drift import drift_in_words
from samples.drift_shop import Shop
from samples.targets import commit, write_history, write_json
from schemas.drift import DriftReport
from schemas.errors import AeefError
from schemas.incident import Alert, IncidentType, Severity, Status
from schemas.settings import Settings, TargetDrift
from tasks.drift.assess_drift import assess
from tasks.drift.blindness import note_blindness, standing_blindness
from tasks.drift.follow_drift import drift_key, follow_drift, follow_impact, look_for_drift
from tasks.incident.open_incident import open_incident
from tasks.isolation.journal import begin_isolation
from tasks.target.lock import target_lock


@pytest.fixture
def shop(home: Path) -> Iterator[Shop]:
    """A target that runs as committed."""
    shop = Shop(home.parent)
    try:
        yield shop
    finally:
        shop.store.close()


def test_a_drift_opens_one_incident_grows_and_is_resolved(shop: Shop) -> None:
    """Ten assessments of one drift are one incident; what is new is added; its end ends it."""
    assert "no drift" in shop.watch()
    assert [] == shop.store.incidents()

    shop.edit(log="debug")
    assert "opened P3 drift shop" in shop.watch()
    first = shop.incident()
    for _ in range(10):
        assert "known as" in shop.watch()
    assert ("P3", "drift", ["shop"]) == (first.severity, first.type, first.affected_services)
    assert "app.json.content.log" in first.description
    assert first == shop.incident()
    assert ["aeef.incident.detected"] == shop.events()

    shop.edit(log="debug", admin=True)
    assert "added to P1 drift shop" in shop.watch()
    grown = shop.incident()
    assert (first.incident_id, Severity.P1) == (grown.incident_id, grown.severity)
    (told,) = (a.action for a in grown.actions_taken if "grew" in a.action)
    assert "app.json.content.admin" in told
    assert "app.json.content.log" not in told
    assert ["aeef.incident.detected"] == shop.events()
    shop.edit(admin=True)
    assert "known as" in shop.watch()

    shop.edit()
    assert "resolved P1 drift shop" in shop.watch()
    over = shop.store.incident(first.incident_id)
    assert Status.RESOLVED == over.status
    assert ["aeef.incident.resolved"] == shop.events()
    assert 1 == len(shop.store.incidents())
    shop.store.verify_audit()

    shop.edit(log="debug")
    assert "opened P3 drift shop" in shop.watch()
    assert first.incident_id != shop.incident().incident_id


def test_the_same_drift_again_after_it_was_put_right_is_a_relapse(shop: Shop) -> None:
    """Before the next assessment could resolve it; known differences count as new ones."""
    shop.edit(admin=True)
    shop.watch()
    first = shop.incident()
    shop.store.set_status(first.incident_id, Status.MITIGATED, actor="runbook")
    shop.events()

    assert "added to P1 drift shop" in shop.watch()
    again = shop.incident()
    assert (first.incident_id, Status.OPEN, 2) == (
        again.incident_id,
        again.status,
        again.occurrence,
    )
    assert ["aeef.incident.relapsed"] == shop.events()
    assert "known as" in shop.watch()
    assert again == shop.incident()


def test_what_cannot_be_read_neither_resolves_nor_passes_for_no_drift(shop: Shop) -> None:
    """The repository is gone: that is no drift, and the known incident stays open."""
    shop.edit(log="debug")
    shop.watch()
    known = shop.incident()
    moved = shop.target.repository.rename(shop.target.repository.with_name("away"))

    assert "drift unknown: what should run cannot be read" in shop.watch()
    assert known.actions_taken == shop.incident().actions_taken
    assert (known.incident_id, Status.OPEN) == (shop.incident().incident_id, shop.incident().status)

    moved.rename(shop.target.repository)
    shop.edit()
    assert "resolved" in shop.watch()


def test_without_a_healthy_release_nothing_is_known_and_nothing_opened(shop: Shop) -> None:
    """A target that was never deployed has no baseline: that is reported, but no incident."""
    write_history(shop.target, (shop.commit, "failed"))

    assert "drift unknown: there is no last known good release" in shop.watch()
    assert [] == shop.store.incidents()


def test_a_release_that_lost_its_proof_is_no_baseline(shop: Shop) -> None:
    """It was healthy, but nothing proves it: nothing is compared with it, and that is said."""
    shop.target.provenance_path(shop.commit).unlink()

    assert "no healthy release is proven good" in shop.watch()
    assert [] == shop.store.incidents()


def test_a_target_in_motion_is_left_alone(shop: Shop) -> None:
    """While a rollback runs, and while a newer deployment is not healthy yet."""
    shop.edit(log="debug")
    # Another thread: the lock lets its own holder in again.
    with target_lock(shop.target, shop.settings.home), ThreadPoolExecutor(1) as other:
        assert "a rollback is under way" in other.submit(shop.watch).result()
    newer = commit(shop.target.repository, {"x": "y"})
    entry = {"commit": newer, "status": "deploying", "deployedAt": datetime.now(UTC).isoformat()}
    good = {"commit": shop.commit, "status": "healthy", "deployedAt": "2026-01-01T00:00:00Z"}
    write_json(shop.target.history_path, {"deployments": [good, entry]})

    assert "has status 'deploying' and may go on" in shop.watch()
    assert [] == shop.store.incidents()
    assert "drift" == assess(shop.target, shop.settings).status


def test_an_isolated_target_is_left_alone(shop: Shop) -> None:
    """The missing networks are not drift, but do not prove that there is none either."""
    shop.edit(log="debug")
    begin_isolation("shop", "an-incident", shop.settings.home)

    assert "it is isolated for incident an-incident" in shop.watch()
    assert [] == shop.store.incidents()


def test_a_watch_that_cannot_look_opens_nothing_and_is_seen_when_it_lasts(shop: Shop) -> None:
    """The journal of isolations is damaged: said once in the log, then by doctor and `/health`."""
    journal = shop.settings.home / "isolations" / "shop.json"
    journal.parent.mkdir(parents=True)
    journal.write_text("{")
    shop.edit(log="debug")

    report = look_for_drift("shop", shop.settings)

    assert "isolations/shop.json cannot be read" in follow_drift(report, shop.settings)
    assert [] == shop.store.incidents()
    home = shop.settings.home
    assert [True, False, False] == [note_blindness(report, home) for _ in range(3)]
    (said,) = standing_blindness(["shop", "other"], home, at_least=timedelta(0))
    assert "drift of shop: the watch cannot look at everything since" in said
    assert "isolations/shop.json cannot be read" in said
    assert [] == standing_blindness(["shop"], home)

    journal.unlink()
    report = look_for_drift("shop", shop.settings)
    assert "opened P3 drift shop" in follow_drift(report, shop.settings)
    assert [True, False] == [note_blindness(report, home) for _ in range(2)]
    assert [] == standing_blindness(["shop"], home, at_least=timedelta(0))


def test_doctor_says_the_drift_and_what_is_not_compared_and_fails_for_what_cannot_be_read(
    shop: Shop,
) -> None:
    """Nobody has to wait for an incident to learn that nothing is looked at."""
    assert "no drift from the last known good" in drift_in_words(shop.target, shop.settings)
    not_by_key = "not compared: rules.txt by key, only as a whole"
    assert not_by_key in drift_in_words(shop.target, shop.settings)

    shop.target.history_path.write_text("{")
    note_blindness(look_for_drift("shop", shop.settings), shop.settings.home)

    with pytest.raises(AeefError, match="the watch cannot look at everything since 20"):
        drift_in_words(shop.target, shop.settings)


@pytest.mark.parametrize("service", ["shop", "web", "worker"])
@pytest.mark.parametrize("first", ["watch", "alert"])
def test_one_drift_is_one_incident_whatever_it_is_called(
    shop: Shop, service: str, first: str
) -> None:
    """The watch reports the target; people and senders a service of it, under keys of their own."""
    services = {"services": ("web", "worker")}
    table = shop.target.model_dump() | services
    shop.settings = Settings.model_validate(
        shop.settings.model_dump() | {"targets": {"shop": table}}
    )
    shop.edit(log="debug")
    alert = Alert(type=IncidentType.DRIFT, service=service, dedup_key=f"sender:{service}")

    if first == "watch":
        shop.watch()
    of_alert = open_incident(alert.model_dump(mode="json", by_alias=True), shop.settings)
    shop.watch()
    open_incident({"type": "drift", "service": "worker"}, shop.settings)

    (only,) = shop.store.incidents()
    assert of_alert.incident_id == only.incident_id
    assert {"worker", service} <= set(only.affected_services)
    assert "known as" in shop.watch()
    shop.edit()
    ended = "resolved" if first == "watch" else "was reported by somebody else, and stays open"
    assert ended in shop.watch()
    seen = [a.action for a in shop.store.incidents()[0].actions_taken]
    assert (first == "alert") == any("what the watch had seen is gone" in each for each in seen)


def test_a_killed_watch_is_made_good_by_the_next(shop: Shop) -> None:
    """The incident was opened, and nothing else: the next pass notes the rest, once."""
    shop.edit(log="debug")
    report = look_for_drift("shop", shop.settings)
    alert = Alert(type=IncidentType.DRIFT, service="shop", dedup_key=drift_key("shop"))
    shop.store.open_or_attach(alert, IncidentType.DRIFT, Severity.P3)

    for _ in range(3):
        follow_drift(report, shop.settings)

    grown = [a.action for a in shop.incident().actions_taken if "grew" in a.action]
    assert 1 == len(grown)


@pytest.mark.parametrize(
    ("said", "becomes"),
    [({}, "P1"), ({"severity": "P4"}, "P4"), ({"labels": {"severity": "low"}}, "P4")],
)
def test_the_impact_decides_the_severity_where_the_sender_named_none(
    shop: Shop, said: dict[str, object], becomes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender's severity wins; otherwise a critical impact raises the default P3 to P1."""
    monkeypatch.setenv("AEEF_HOME", str(shop.settings.home))
    shop.edit(admin=True)
    report: DriftReport = assess(shop.target, shop.settings)
    alert = Alert.model_validate({"type": "drift", "service": "shop", "description": "x", **said})
    severity = Severity.P4 if said else Severity.P3
    opened = shop.store.open_or_attach(alert, IncidentType.DRIFT, severity).incident

    for _ in range(2):
        follow_impact.directly(str(opened.incident_id), report)

    assert becomes == shop.store.incident(opened.incident_id).severity
    assert 1 == len(shop.store.incidents())


def test_what_is_meant_to_differ_is_ignored(shop: Shop) -> None:
    """`ignore` names paths of the report."""
    drift = TargetDrift.model_validate({"files": ["app.json"], "ignore": ["app.json.content.lo*"]})
    target = shop.target.model_copy(update={"drift": drift})
    shop.edit(log="debug")

    assert "none" == assess(target, shop.settings).status


def test_a_file_hits_the_target_where_no_container_tells_who_uses_it(shop: Shop) -> None:
    """A target that a command deploys has no mounts."""
    shop.edit(log="debug")

    (found,) = assess(shop.target, shop.settings).differences

    assert ("app.json", "shop") == found.affects


def test_a_file_that_is_no_json_is_compared_as_a_whole(shop: Shop) -> None:
    """A missing file is one difference."""
    (shop.target.repository / "rules.txt").write_text("allow everything\n")
    (shop.target.repository / "app.json").unlink()

    report = assess(shop.target, shop.settings)

    assert ["app.json.file", "rules.txt.content.(whole file)"] == [
        d.path for d in report.differences
    ]
    assert "everything" not in report.model_dump_json()
