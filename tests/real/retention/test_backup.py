"""A backup holds everything, fits together, and shows whether it was changed."""

from __future__ import annotations

import io
import stat
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import delete

from fixtures.store import TEMPLATE, Clock, Old, PostgreSQL
from schemas.errors import AeefError, InvalidInput, NotPossibleNow
from schemas.incident import Alert, IncidentType, Severity
from schemas.lifecycle import Filter
from schemas.settings import Settings
from support import read_below
from tasks.backup.backup import back_up, config_without_secrets
from tasks.backup.copy_store import copy_store
from tasks.backup.drill import drill, last_drill
from tasks.backup.move import move
from tasks.backup.restore import check, restore, unpack
from tasks.base.file_lock import file_lock
from tasks.incident.evidence import Evidence
from tasks.retention.dispose import dispose_of_due
from tasks.store import Store, open_store
from tasks.store.database.database import Database
from tasks.store.database.tables import holds


@pytest.fixture
def settings(store: Store, store_settings: Settings, old: Old) -> Settings:
    """A store with incidents, evidence, a hold and one that was disposed of."""
    ids = [old(name, years=years) for name, years in (("shop", 1), ("cart", 2), ("gone", 7))]
    for incident_id in ids:
        Evidence(str(incident_id), store_settings.home).keep("log.txt", b"x" * 99, source="test")
        store.record_action(incident_id, "kept a log")
    dispose_of_due(store_settings)
    store.retention.hold(ids[0], reason="court", actor="ann")
    return store_settings


def elsewhere(tmp_path: Path, url: str | None = None) -> Settings:
    """Settings with a home that is not there yet."""
    return Settings.model_validate({"home": tmp_path / "elsewhere", "database_url": url})


def test_what_is_restored_is_what_was_backed_up(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    """Records, audit log, evidence, holds; on record there; and only its owner reads it."""
    backup = tmp_path / "b.tar.gz"
    manifest = back_up(settings, backup)
    before = list(read_below(settings.home))
    checked = check(backup)
    there = elsewhere(tmp_path)
    restore(backup, there, actor="ann")
    restored = open_store(there)

    assert 0o600 == stat.S_IMODE(backup.stat().st_mode)
    assert (2, store.audit_head()) == (manifest.incidents, (manifest.seq, manifest.head))
    assert (checked.summary.entries, checked.summary.evidence) == (manifest.seq, 2)
    assert sorted(before) == sorted(read_below(settings.home))
    assert [e.to_json() for e in store.incidents()] == [e.to_json() for e in restored.incidents()]
    assert ["court"] == [each.reason for each in restored.retention.holds()]
    assert manifest.seq + 1 == restored.verify_audit().entries
    assert "restored from the backup" in restored.general_entries(1)[0].action
    assert {0o700} == {
        stat.S_IMODE(each.stat().st_mode) for each in there.home.rglob("*") if each.is_dir()
    }
    with pytest.raises(NotPossibleNow, match="is not empty"):
        restore(backup, there, actor="ann")
    with pytest.raises(NotPossibleNow, match="never written over"):
        back_up(settings, backup)
    restored.close()


def rewritten(backup: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The backup with one file changed; None: without it."""
    other = backup.with_name("other.tar")
    with tarfile.open(backup) as source, tarfile.open(other, "w") as goal:
        for member in source:
            file = source.extractfile(member)
            assert file is not None
            content = change(member.name, file.read())
            if content is not None:
                member.size = len(content)
                goal.addfile(member, io.BytesIO(content))
    return other


def test_a_backup_that_was_changed_cut_or_made_up_is_refused(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    """Whatever file it is, and each is named; nothing is written outside of its place."""
    backup = tmp_path / "b.tar"
    back_up(settings, backup)
    with tarfile.open(backup) as tar:
        names = [name for name in tar.getnames() if name != "manifest.json"]
    for name in (names[0], names[1], names[-1]):
        changed = rewritten(backup, lambda n, c, name=name: c[:-1] + b"!" if n == name else c)  # type: ignore[misc]
        with pytest.raises(InvalidInput, match="was changed"):
            check(changed)
    lacks = rewritten(backup, lambda n, c: None if n == names[-1] else c)
    with pytest.raises(InvalidInput, match="was changed"):
        check(lacks)
    for size in (10, 2_000, backup.stat().st_size // 2):
        cut = tmp_path / "cut.tar"
        cut.write_bytes(backup.read_bytes()[:size])
        with pytest.raises(InvalidInput):
            check(cut)
    made_up = tmp_path / "made-up.tar"
    with tarfile.open(made_up, "w") as tar:
        tar.addfile(tarfile.TarInfo("home/../../evil"), io.BytesIO())
    with pytest.raises(InvalidInput, match="outside of its place"):
        unpack(made_up, tmp_path / "unpacked")
    assert not (tmp_path.parent / "evil").exists()
    assert store.verify_audit().entries


def test_it_fits_together_while_alerts_come_in(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    """The store, its anchors, and evidence are of one moment."""
    stop = Event()

    def report() -> None:
        number = 0
        while not stop.is_set():
            alert = Alert(description=f"no {number}", service=f"n-{number}", source="test")
            opened = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P3)
            id_ = opened.incident.incident_id
            Evidence(str(id_), settings.home).keep("a.txt", b"a", source="test")
            store.record_action(id_, "kept")
            number += 1

    thread = Thread(target=report)
    thread.start()
    try:
        for number in range(3):
            backup = tmp_path / f"{number}.tar"
            manifest = back_up(settings, backup)
            assert check(backup).summary.entries == manifest.seq
    finally:
        stop.set()
        thread.join()


def test_no_secret_of_the_settings_is_in_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has `[hidden]` in their places, and can still be read."""
    config = tmp_path / "aeef.toml"
    config.write_text('[intake]\ntoken = "very-secret-token"\n[disk]\nreserve = 0\n')
    monkeypatch.setenv("AEEF_CONFIG", str(config))
    monkeypatch.setenv("AEEF_HOME", str(home))
    text = config_without_secrets(Settings())

    assert text is not None
    assert b"very-secret" not in text
    assert b'token = "[hidden]"' in text


@pytest.mark.proves("RET-RESTORE")
def test_a_drill_says_what_came_of_it(store: Store, settings: Settings) -> None:
    """On record, for the quarterly review; nothing of it is left, also when it fails."""
    assert last_drill(store) is None
    done = drill(settings)
    there = sorted(path.name for path in settings.home.parent.iterdir())

    found = last_drill(store)
    assert found is not None
    assert (True, 2, "") == (found.ok, found.incidents, found.problem)
    assert "is intact there" in done.in_words
    evidence = next(each for each in settings.home.glob("evidence/*/log.txt"))
    evidence.write_bytes(b"changed")
    with pytest.raises(AeefError):
        drill(settings)
    failed = last_drill(store)
    assert failed is not None
    assert not failed.ok
    assert "log.txt was changed" in failed.problem
    assert there == sorted(path.name for path in settings.home.parent.iterdir())


def test_the_store_moves_to_an_empty_postgresql(
    store: Store, settings: Settings, postgresql: PostgreSQL, clock: Clock
) -> None:
    """Everything, counted and verified; numbers go on; not while anything runs, nor twice."""
    url = postgresql.create(TEMPLATE)
    try:
        with file_lock(settings.home / "up.lock"), pytest.raises(NotPossibleNow, match="runs"):
            move(settings, url, actor="ann")
        store.report_process("dispatcher here", [])
        with pytest.raises(NotPossibleNow, match="runs, or did"):
            move(settings, url, actor="ann")
        clock.advance(-timedelta(hours=1))
        store.report_process("dispatcher here", [])
        before = store.incidents()
        entries = store.audit_head()[0]

        counts = move(settings, url, actor="ann")

        moved = Store(url, settings.anchors_path)
        assert [e.to_json() for e in before] == [e.to_json() for e in moved.incidents()]
        assert counts["aeef_incidents"] == len(before)
        summary = moved.verify_audit()
        assert (summary.entries, summary.anchors) == (entries + 1, entries)  # a hold has two
        assert "was moved from" in moved.general_entries(1)[0].action
        alert = Alert(description="new", service="new", source="test")
        opened = moved.open_or_attach(alert, IncidentType.SECURITY, Severity.P1)
        assert 4 == opened.incident.number
        assert 2 == moved.retention.hold(opened.incident.incident_id, reason="x", actor="a").number
        moved.verify_audit()
        moved.close()
        assert "was moved to" in store.general_entries(1)[0].action
        store.verify_audit()
        with pytest.raises(NotPossibleNow, match="is not empty"):
            move(settings, url, actor="ann")
    finally:
        postgresql.drop(url)


def test_numbers_that_were_given_are_not_given_again_after_a_move(
    home: Path, tmp_path: Path, postgresql: PostgreSQL
) -> None:
    """There and back: what people know as hold 2 is never another, also when its row is gone."""
    settings, url = Settings.model_validate({"home": home}), postgresql.create(TEMPLATE)
    back = f"sqlite:///{tmp_path / 'back.db'}"
    try:
        store = open_store(settings)
        for _ in range(2):
            store.retention.hold(wanted=Filter(service="a"), reason="court", actor="ann")
        store._database.write(lambda connection: connection.execute(delete(holds)))  # noqa: SLF001
        source, goal = Database(settings.database), Database(url)
        copy_store(source, goal)
        again = Database(back)
        copy_store(goal, again)
        for each in (url, back):
            moved = Store(each, tmp_path / "anchors")
            hold = moved.retention.hold(wanted=Filter(service="a"), reason="court", actor="ann")
            assert hold.number == 3
            moved.close()
        for database in (source, goal, again):
            database.close()
    finally:
        postgresql.drop(url)
