"""The witness: anchors that are gone or cut are missed, and evidence is held against the record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from older_store import back_to_before
from schemas.errors import AuditBroken
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import Settings
from tasks.incident.evidence import Evidence
from tasks.store import Store
from tasks.store.database.database import database_url

Change = Callable[[Path], None]


@pytest.fixture
def anchors(store_settings: Settings) -> Path:
    """The anchor file."""
    return store_settings.anchors_path


@pytest.fixture(autouse=True)
def _many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a few entries are so many that only new ones are recomputed."""
    monkeypatch.setattr("tasks.store.audit.verify.SMALL", 5)
    monkeypatch.setattr("tasks.store.audit.verify.SMALL_EVIDENCE", 1)


@pytest.fixture
def incident(store: Store) -> UUID:
    """An incident with twenty entries."""
    alert = Alert(description="shop answers 500", service="shop", source="test")
    found = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1).incident
    act(store, found.incident_id, 19)
    return found.incident_id


def act(store: Store, incident_id: UUID, times: int = 1) -> None:
    """Put actions on record."""
    for number in range(times):
        store.record_action(incident_id, f"step {number}")


def deleted(path: Path) -> None:
    """Delete the file."""
    path.unlink()


def emptied(path: Path) -> None:
    """Leave an empty file."""
    path.write_text("")


def keep_three(path: Path) -> None:
    """Keep the first three lines."""
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:3]))


def without_the_last(path: Path) -> None:
    """Cut the last line."""
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def without_some(path: Path) -> None:
    """Cut lines out of the middle."""
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:4] + lines[7:]))


CUTS = [
    (deleted, "all 20 audit anchors are gone"),
    (emptied, "all 20 audit anchors are gone"),
    (keep_three, "anchors 4 to 20 are missing"),
    (without_the_last, "anchor 20 is missing"),
    (without_some, "anchors 5 to 7 are missing"),
]


@pytest.mark.parametrize("full", [True, False], ids=["full", "new"])
@pytest.mark.parametrize(("cut", "said"), CUTS)
@pytest.mark.usefixtures("incident")
def test_anchors_that_are_gone_are_missed(
    store: Store, anchors: Path, cut: Change, said: str, *, full: bool
) -> None:
    """The database knows how many there are; the file is named, and what to do."""
    assert store.verify_audit(full=full).anchors == 20
    cut(anchors)

    with pytest.raises(AuditBroken) as caught:
        store.verify_audit()
    assert said in str(caught.value)
    assert str(anchors) in str(caught.value)
    with pytest.raises(AuditBroken, match="cut"):
        store.verify_audit(full=False)


@pytest.mark.parametrize("cut", [deleted, keep_three])
def test_what_is_anchored_later_does_not_hide_it(
    store: Store, anchors: Path, incident: UUID, cut: Change
) -> None:
    """The lines that follow have the numbers that they would have had."""
    cut(anchors)
    act(store, incident)

    with pytest.raises(AuditBroken, match="are missing"):
        store.verify_audit()


def test_a_line_that_a_killed_process_did_not_write_is_written_by_the_next(
    store: Store, anchors: Path, incident: UUID
) -> None:
    """Between the commit and its line there is a moment; nobody tampered."""
    without_the_last(anchors)
    act(store, incident)
    numbers = [json.loads(line)["n"] for line in anchors.read_text().splitlines()]

    assert sorted(numbers)[-3:] == [19, 20, 21]
    assert store.verify_audit().entries == 21


def test_a_fresh_installation_has_no_anchors(store: Store, anchors: Path) -> None:
    """That is no tampering."""
    assert store.verify_audit()[:3:2] == (0, 0)
    assert store.verify_audit(full=False)[:3:2] == (0, 0)
    assert not anchors.exists()


def test_missing_anchors_can_be_accepted_on_record(
    store: Store, anchors: Path, incident: UUID
) -> None:
    """By a person, with a reason; what comes later is asked for again."""
    deleted(anchors)
    store.accept_missing_anchors("restored from the backup of Monday", actor="ada")
    assert store.verify_audit().entries == 21
    act(store, incident, 3)
    assert store.verify_audit(full=False).entries == 24
    deleted(anchors)

    with pytest.raises(AuditBroken, match="anchors"):
        store.verify_audit()


def test_lines_of_earlier_versions_count(store: Store, database: str, anchors: Path) -> None:
    """They have no number, and are missed all the same once the first with a number follows."""
    alert = Alert(description="shop answers 500", service="shop")
    found = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1).incident
    act(store, found.incident_id, 4)
    store.close()
    lines = [json.loads(line) for line in anchors.read_text().splitlines()]
    for line in lines:
        del line["n"]
    older = [json.dumps(line, separators=(",", ":")) for line in lines]
    anchors.write_text("\n".join(older) + "\n")
    back_to_before(database, "0005")
    after = Store(database, anchors)
    act(after, found.incident_id, 2)

    assert after.verify_audit().anchors == 7
    kept = anchors.read_text().splitlines()
    anchors.write_text("\n".join(kept[:2] + kept[3:]) + "\n")
    with pytest.raises(AuditBroken, match="anchor 5 is missing"):
        after.verify_audit()
    after.close()


def test_what_could_not_be_written_is_written_later(
    store: Store, anchors: Path, incident: UUID
) -> None:
    """A disk that was full for a while leaves no gap."""
    aside = anchors.with_name("aside")
    anchors.rename(aside)
    anchors.mkdir()
    act(store, incident, 15)
    anchors.rmdir()
    aside.rename(anchors)
    act(store, incident)

    assert store.verify_audit()[:3:2] == (36, 36)


def test_only_what_is_new_is_recomputed(store: Store, incident: UUID) -> None:
    """From what was verified last; then everything again when it is asked for."""
    first = store.verify_audit(full=False)
    act(store, incident, 2)
    second = store.verify_audit(full=False)
    third = store.verify_audit(full=False)

    assert (first.since, first.entries, first.anchors) == (0, 20, 20)
    assert (second.since, second.entries, second.anchors) == (20, 22, 2)
    assert (third.since, third.entries, third.anchors) == (22, 22, 0)
    assert store.verify_audit().since == 0


ALL_GONE = [
    "DELETE FROM aeef_outbox",
    "DELETE FROM aeef_moments",
    "DELETE FROM aeef_alerts",
    "DELETE FROM aeef_escalations",
    "DELETE FROM aeef_incidents",
]
"""Every incident, and what names it."""


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["UPDATE aeef_audit SET action = 'x' WHERE seq = 22"], "does not fit its own hash"),
        (["UPDATE aeef_incidents SET document = '{}'"], "is not as audit entry"),
        (["DELETE FROM aeef_audit WHERE seq > 15"], "not the one that was verified"),
        (["UPDATE aeef_audit SET hash = 'x' WHERE seq = 20"], "not the one that was verified"),
        (["UPDATE aeef_audit_head SET seq = 21"], "its head says entry 21"),
        (ALL_GONE, "deleted"),
        (["UPDATE aeef_incidents SET number = 9"], "columns of incident"),
    ],
)
def test_what_is_new_is_verified_against_what_was(
    store: Store, database: str, incident: UUID, statements: list[str], said: str
) -> None:
    """The chain, its head, and the records of the incidents that changed."""
    store.verify_audit(full=False)
    act(store, incident, 3)
    drop = (
        ["DROP TRIGGER aeef_audit_no_update", "DROP TRIGGER aeef_audit_no_delete"]
        if database.startswith("sqlite")
        else ["DROP FUNCTION aeef_audit_append_only CASCADE"]
    )
    engine = create_engine(database_url(database))
    with engine.begin() as connection:
        for statement in [*drop, *statements]:
            connection.execute(text(statement))
    engine.dispose()

    with pytest.raises(AuditBroken, match=said):
        store.verify_audit(full=False)


def test_a_few_entries_are_always_recomputed(
    store: Store, incident: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no time, and says most."""
    store.verify_audit()
    act(store, incident)
    monkeypatch.setattr("tasks.store.audit.verify.SMALL", 21)

    assert store.verify_audit(full=False).since == 0


def keep(settings: Settings, incident: UUID) -> Path:
    """Two files of evidence; their folder."""
    evidence = Evidence(str(incident), settings.home)
    for name in ("a.log", "b.log"):
        evidence.keep(name, name.encode(), source="test")
    return evidence.directory


def change_a_file(folder: Path) -> None:
    """Change the content, not the size."""
    (folder / "a.log").write_bytes(b"A.log")


def remove_a_file(folder: Path) -> None:
    """Remove one."""
    (folder / "b.log").unlink()


def remove_everything(folder: Path) -> None:
    """Remove the folder."""
    shutil.rmtree(folder)


def forge_the_manifest(folder: Path) -> None:
    """A smaller manifest that fits itself, without the second file."""
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:1]))
    (folder / "b.log").unlink()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_a_file, "a.log was changed"),
        (remove_a_file, "b.log cannot be read"),
        (remove_everything, "its manifest cannot be read"),
        (forge_the_manifest, "its manifest is not the one that entry 21 vouches for"),
    ],
)
@pytest.mark.parametrize("full", [True, False], ids=["full", "new"])
def test_evidence_is_held_against_the_record(
    store: Store,
    store_settings: Settings,
    incident: UUID,
    change: Change,
    said: str,
    *,
    full: bool,
) -> None:
    """The entry after it was kept vouches for it; the file and the incident are named."""
    store.verify_audit()
    folder = keep(store_settings, incident)
    act(store, incident)
    change(folder)

    with pytest.raises(AuditBroken, match=str(incident)) as caught:
        store.verify_audit(full=full)
    assert said in str(caught.value)


def test_evidence_that_vanished_since_is_missed(
    store: Store, store_settings: Settings, incident: UUID
) -> None:
    """Also where no entry is new."""
    folder = keep(store_settings, incident)
    act(store, incident)
    store.verify_audit(full=False)
    store.verify_audit(full=False)
    remove_everything(folder)

    with pytest.raises(AuditBroken, match="is gone"):
        store.verify_audit(full=False)


def test_evidence_on_another_machine_is_not_said_to_be_well(
    store: Store, store_settings: Settings, database: str, incident: UUID, tmp_path: Path
) -> None:
    """It is counted: nobody looked at it. A file as database has one machine only."""
    folder = keep(store_settings, incident)
    act(store, incident)
    other = Store(database, tmp_path / "other" / "audit.anchors")
    (tmp_path / "other").mkdir()
    try:
        if database.startswith("sqlite"):
            with pytest.raises(AuditBroken, match="all 21 audit anchors are gone"):
                other.verify_audit()
            return
        ((machine, count),) = other.verify_audit().elsewhere
    finally:
        other.close()

    assert (machine.endswith(str(store_settings.home)), count) == (True, 1)
    assert folder.exists()
