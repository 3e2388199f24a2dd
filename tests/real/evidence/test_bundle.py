"""A bundle proves itself: on a bare machine, with Python alone; what was done to it is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from fixtures.store import Old
from schemas.corrective import Category, CorrectiveAction
from schemas.errors import InvalidInput
from schemas.incident import Alert, AuditEntry, IncidentType, Severity, Status
from schemas.model import utc_now
from schemas.retention import AEEF_YEARS
from schemas.settings import Settings
from tasks.evidence.bundle.archive import archive
from tasks.evidence.bundle.export import Asked, export_bundle
from tasks.evidence.key import signing_key
from tasks.evidence.script.assemble import verify_script
from tasks.evidence.script.verify import MANIFEST, SIGNATURE, Bundle
from tasks.incident.evidence import Evidence
from tasks.incident.keep_original import ORIGINAL
from tasks.store import Store, open_store
from tasks.store.retention import due
from tasks.store.retention.holds import Standing

Files = dict[str, bytes]


def fill(store: Store, home: Path) -> list[UUID]:
    """Three incidents whose entries lie between each other; the first two have evidence."""
    ids = []
    for name in ("shop", "cart", "pay"):
        alert = Alert(description=f"{name} antwortet nicht: <ü>", service=name)
        opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
        ids.append(opened.incident.incident_id)
    for each in ids[:2]:
        Evidence(str(each), home).keep("web.log", b"GET / 500\n", source="its log")
        Evidence(str(each), home).keep(ORIGINAL, b"ann@example.org", source="alert")
    for number in range(3):
        for each in ids:
            store.record_action(each, f"step {number}")
    store.acknowledge(ids[0], actor="ann")
    return ids


@pytest.fixture
def stored(home: Path) -> tuple[Settings, Store, list[UUID]]:
    """Settings, a store on SQLite, and the ids of what is in it."""
    settings = Settings.model_validate({"home": home})
    store = open_store(settings)
    return settings, store, fill(store, home)


@pytest.fixture
def bundle(stored: tuple[Settings, Store, list[UUID]], tmp_path: Path) -> Path:
    """A bundle of the first two."""
    settings, _, _ = stored
    path = tmp_path / "evidence.zip"
    made = export_bundle(Asked(ids=("1", "2")), path, settings, by="ann")
    assert (made.code(), made.broken, made.missing, made.notes) == (0, [], [], [])
    return path


def files_of(path: Path) -> Files:
    """The bundle's files."""
    with zipfile.ZipFile(path) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def signed_again(
    path: Path, files: Files, settings: Settings, change: Callable[[Any], None]
) -> Path:
    """The files as a bundle that is signed with the same key; change: of the manifest."""
    manifest = json.loads(files.pop(MANIFEST))
    files.pop(SIGNATURE)
    change(manifest)
    again = path.with_name("again.zip")
    with archive(again) as made:
        for name, content in files.items():
            made.add(name, content)
        made.sign(manifest, signing_key(settings, by="mallory"))
    return again


def test_python_alone_verifies_it(bundle: Path, tmp_path: Path) -> None:
    """As a script kept elsewhere, with no module of ours in reach, and as the bundle itself."""
    script = tmp_path / "verify.py"
    script.write_bytes(verify_script())
    assert files_of(bundle)["verify.py"] == verify_script()
    for start in ([str(script), str(bundle)], [str(bundle)]):
        done = subprocess.run(
            [sys.executable, "-I", "-S", *start],
            capture_output=True, text=True, cwd="/", env={}, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert "integrity: INTACT" in done.stdout
        assert "completeness: COMPLETE" in done.stdout
        assert "whose it is, is NOT proven" in done.stdout


def test_openssl_verifies_its_signature(bundle: Path, tmp_path: Path) -> None:
    """The command in README.txt, and the fingerprint as OpenSSL gives it."""
    openssl = shutil.which("openssl")
    assert openssl is not None
    with zipfile.ZipFile(bundle) as zipped:
        zipped.extractall(tmp_path)
    verify = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "public-key.pem", "-rawin",
              "-in", MANIFEST, "-sigfile", SIGNATURE]  # fmt: skip
    subprocess.run(verify, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    der = subprocess.run(
        [openssl, "pkey", "-pubin", "-in", "public-key.pem", "-outform", "DER"],
        cwd=tmp_path, check=True, capture_output=True, timeout=60,
    ).stdout  # fmt: skip
    digest = subprocess.run(
        ["/usr/bin/sha256sum"], input=der, check=True, capture_output=True, timeout=60
    ).stdout
    assert digest.split()[0].decode() == Bundle(str(bundle)).fingerprint


def test_each_changed_byte_is_found(bundle: Path, tmp_path: Path) -> None:
    """Of what is in the files, of the zip's own headers, of what is at its end."""
    content = bundle.read_bytes()
    places = {
        *range(60),
        *range(len(content) - 60, len(content)),
        *range(0, len(content), 997),
    }
    changed = tmp_path / "changed.zip"
    for place in sorted(places):
        other = bytearray(content)
        other[place] ^= 0x20
        changed.write_bytes(other)
        found = Bundle(str(changed))
        assert found.broken, f"byte {place}"
        assert found.code() & 1


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_truncated_bundle_is_neither(bundle: Path, kept: float) -> None:
    """There is a verdict, and it says why."""
    content = bundle.read_bytes()
    bundle.write_bytes(content[: int(len(content) * kept)])
    found = Bundle(str(bundle))
    assert found.code() == 3
    assert "it was cut off or changed, or it is no bundle" in found.broken[-1]


def test_what_was_added_or_taken_away_is_named(bundle: Path) -> None:
    """A file more, a file less: each by its name."""
    files = files_of(bundle)
    evidence = next(name for name in files if name.endswith("web.log"))
    with zipfile.ZipFile(bundle, "w") as zipped:
        for name, content in files.items():
            if name != evidence:
                zipped.writestr(name, content)
        zipped.writestr("more.txt", b"")
    found = Bundle(str(bundle))
    assert "more.txt was added: nobody signed for it" in found.broken
    assert f"{evidence} is missing" in found.missing
    assert found.code() == 3


def test_a_bundle_signed_by_another_is_not_trusted(
    bundle: Path, stored: tuple[Settings, Store, list[UUID]]
) -> None:
    """Whose key it is, only a fingerprint from elsewhere proves."""
    mine = signing_key(stored[0], by="ann").fingerprint
    assert Bundle(str(bundle), mine.upper()).code() == 0
    assert "signed by the key that you trust" in Bundle(str(bundle), mine).words()[-1]
    other = Bundle(str(bundle), "0" * 64)
    assert "which is not the one you trust" in other.broken[0]


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (2, "before entry"),
        (0, "but here it is nothing"),
        (-1, "the entry that puts this export on record is missing"),
    ],
)
def test_a_missing_entry_is_named_even_when_its_maker_signs(
    bundle: Path, stored: tuple[Settings, Store, list[UUID]], gone: int, said: str
) -> None:
    """Whoever makes the bundle leaves an entry out: the first, one between, the last ones."""
    settings, _, ids = stored
    files, name = files_of(bundle), f"incidents/{ids[0]}/entries.jsonl"
    lines = files[name].splitlines(keepends=True)
    del lines[gone]
    files[name] = b"".join(lines)
    found = Bundle(str(signed_again(bundle, files, settings, lambda _: None)))
    assert found.code() & 2
    assert said in " ".join(found.missing)


def test_a_changed_record_is_named_even_when_its_maker_signs(
    bundle: Path, stored: tuple[Settings, Store, list[UUID]]
) -> None:
    """The entries seal record, alert, evidence; the chain seals the entries."""
    settings, _, ids = stored
    files = files_of(bundle)
    folder = f"incidents/{ids[0]}"
    for name in ("record.json", "alert.json"):
        files[f"{folder}/{name}"] = files[f"{folder}/{name}"].replace(b"shop", b"shap")
    files[f"{folder}/evidence/web.log"] = b"GET / 200\n"
    lines = [json.loads(line) for line in files[f"{folder}/entries.jsonl"].splitlines()]
    lines[1]["actor"] = "nobody"
    forged = AuditEntry.model_validate({**lines[1], "hash": ""}).compute_hash()
    lines[1]["hash"] = forged
    files[f"{folder}/entries.jsonl"] = b"".join(json.dumps(each).encode() + b"\n" for each in lines)
    found = Bundle(str(signed_again(bundle, files, settings, lambda _: None)))
    said = " ".join(found.broken)
    assert "record.json is not as entry" in said
    assert "alert.json is not the alert that opened it" in said
    assert "web.log is not what was kept" in said
    assert f"entry {lines[1]['seq']} is not the one that the chain has there" in said


def test_what_was_learned_is_vouched_for_too(
    stored: tuple[Settings, Store, list[UUID]], tmp_path: Path
) -> None:
    """Review and corrective actions are as the entries left them, each text by its writer."""
    settings, store, ids = stored
    of = ids[0]
    store.acknowledge(of, actor="ann")
    store.set_status(of, Status.RESOLVED, actor="ann", reason="done")
    store.reviews.begin(of, utc_now())
    store.reviews.answer(of, "root-cause", "a bad release", actor="ann", seen=0)
    store.reviews.answer(of, "root-cause", "a good release", actor="bob", seen=1)
    store.corrective.add(
        CorrectiveAction(
            incident_id=of,
            category=Category.TEST,
            text="test it",
            owner="ann",
            verifier="bob",
            due_at=utc_now(),
            created_by="ann",
            created_at=utc_now(),
        )
    )
    path = tmp_path / "learned.zip"
    made = export_bundle(Asked(ids=("1",)), path, settings, by="ann")
    assert (made.broken, made.missing) == ([], [])
    assert b"a bad release" in files_of(path)[f"incidents/{of}/review.json"]

    files = files_of(path)
    review = json.loads(files[f"incidents/{of}/review.json"])
    review["texts"][1]["actor"] = "nobody"
    del review["texts"][0]
    files[f"incidents/{of}/review.json"] = json.dumps(review).encode()
    actions = files[f"incidents/{of}/corrective-actions.json"].replace(b"test it", b"no test")
    files[f"incidents/{of}/corrective-actions.json"] = actions
    found = Bundle(str(signed_again(path, files, settings, lambda _: None)))
    assert "what nobody wrote in its review of 'root-cause' was changed" in " ".join(found.broken)
    assert "corrective action CA-1 is not as an entry left it" in " ".join(found.broken)
    assert "revision 1 of 'root-cause' of its review is missing" in " ".join(found.missing)


def test_an_incident_left_out_of_a_period_is_named(
    stored: tuple[Settings, Store, list[UUID]], tmp_path: Path
) -> None:
    """Incidents are numbered: in a period none is passed over."""
    settings, store, ids = stored
    first = store.incident(ids[0]).detected_at
    path = tmp_path / "period.zip"
    whole = export_bundle(
        Asked((), first, store.timeline(ids[2])[-1].timestamp), path, settings, by="a"
    )
    assert (whole.code(), len(whole.manifest["incidents"])) == (0, 3)

    def without(manifest: Any) -> None:
        del manifest["incidents"][1]

    found = Bundle(str(signed_again(path, files_of(path), settings, without)))
    assert found.missing == ["incident #2, of the same period, is missing"]


def test_only_what_an_entry_disposed_of_is_said_to_be_no_longer_kept(
    stored: tuple[Settings, Store, list[UUID]], tmp_path: Path
) -> None:
    """An incident that somebody deleted by hand is missing, and nothing excuses it."""
    settings, store, ids = stored
    first, last = store.incident(ids[0]).detected_at, store.timeline(ids[2])[-1].timestamp
    with sqlite3.connect(settings.home / "aeef.db") as client:  # one that minds no foreign key
        client.execute("DELETE FROM aeef_incidents WHERE id = ?", [str(ids[1])])
    client.close()

    found = export_bundle(Asked((), first, last), tmp_path / "period.zip", settings, by="a")

    assert "incident #2, of the same period, is missing" in found.missing


def _period(store: Store, ids: list[UUID]) -> Asked:
    last = store.timeline(ids[-1])[-1].timestamp
    return Asked((), store.incident(ids[0]).detected_at, last)


def test_what_was_disposed_of_by_right_is_no_longer_kept(
    store: Store, store_settings: Settings, old: Old, tmp_path: Path
) -> None:
    """What is left of it shows that it was old enough; and the bundle says what it cannot show."""
    ids = [old("one", 6, Severity.P1), old("two", 5, Severity.P3), old("three", 4, Severity.P1)]
    period = _period(store, ids)
    held = store.retention.hold(ids[1], reason="court", actor="ann")
    store.retention.release(held.number, reason="over", actor="ann")
    years = {**AEEF_YEARS, Severity.P1: 10}
    assert 1 == len(store.retention.dispose(ids, years, actor="ann"))
    path = tmp_path / "period.zip"
    found = export_bundle(period, path, store_settings, by="ann")

    assert ([], []) == (found.broken, found.missing)
    assert "incident #2 is no longer kept: entry " in found.notes[0]
    files = files_of(path)
    lines = files["chain/disposed.jsonl"].splitlines(keepends=True)
    listing = next(n for n, line in enumerate(lines) if b'"disposed":[' in line)
    for gone, said in ((listing, "is missing"), (-1, "what is left of its entries is not what")):
        files["chain/disposed.jsonl"] = b"".join(lines[:gone] + lines[gone:][1:])
        again = signed_again(path, dict(files), store_settings, lambda _: None)
        assert said in " ".join(Bundle(str(again)).missing)
        again.unlink()


@pytest.mark.parametrize("is_held", [False, True])
def test_what_might_not_be_disposed_of_is_missing(
    store: Store,
    store_settings: Settings,
    old: Old,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_held: bool,
) -> None:
    """A fresh incident, or a held one, which somebody lists as if it had been due."""
    age = 6 if is_held else 0
    ids = [old("one", age, Severity.P1), old("two", age, Severity.P3), old("three", age)]
    period = _period(store, ids)
    if is_held:
        store.retention.hold(ids[1], reason="court", actor="ann")
        monkeypatch.setattr(Standing, "over", lambda _self, _incident: None)
    else:
        monkeypatch.setattr(due, "due_at", lambda _ended, _years: utc_now() - timedelta(days=1))
    store.retention.dispose([ids[1]], AEEF_YEARS, actor="mallory")
    monkeypatch.undo()
    found = export_bundle(period, tmp_path / "period.zip", store_settings, by="ann")

    why = "legal hold 1 stood on it" if is_held else "less than a year before"
    assert "incident #2, of the same period, is missing: entry " in found.missing[0]
    assert why in found.missing[0]
    assert [] == found.broken


def test_what_is_withheld_or_gone_is_said(
    stored: tuple[Settings, Store, list[UUID]], tmp_path: Path, home: Path
) -> None:
    """An original left out on purpose is a note, evidence that is gone is missing."""
    settings, store, ids = stored
    path = tmp_path / "without.zip"
    found = export_bundle(Asked(ids=(str(ids[0]),)), path, settings, by="ann", originals=False)
    assert found.code() == 0
    assert "original-alert.sealed was left out" in found.notes[0]
    assert b"ann@example.org" not in path.read_bytes()

    (Evidence(str(ids[1]), home).directory / "web.log").unlink()
    found = export_bundle(Asked(ids=("2",)), tmp_path / "gone.zip", settings, by="ann")
    assert found.missing == [f"incidents/{ids[1]}/evidence/web.log is missing"]
    with pytest.raises(InvalidInput, match="exists already"):
        export_bundle(Asked(ids=("1",)), path, settings, by="ann")
    read = [each for each in store.timeline(ids[0]) if each.action.startswith("Read: all of it")]
    assert [each.actor for each in read] == ["ann"]


def test_entries_of_earlier_versions_are_said_to_prove_less(
    stored: tuple[Settings, Store, list[UUID]], tmp_path: Path
) -> None:
    """They name no entry before: that is a note, and no verdict."""
    settings, store, ids = stored
    engine = create_engine(settings.database)
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER aeef_audit_no_update"))
        rows = connection.execute(text("SELECT seq, details FROM aeef_audit")).all()
        for row in rows:
            details = {k: v for k, v in json.loads(row.details).items() if k != "before"}
            connection.execute(
                text("UPDATE aeef_audit SET details = :details WHERE seq = :seq"),
                {"details": json.dumps(details), "seq": row.seq},
            )
    engine.dispose()
    assert store.chain.label == "aeef.db"
    found = export_bundle(Asked(ids=(str(ids[2]),)), tmp_path / "old.zip", settings, by="ann")
    assert "is of an earlier version of AEEF" in " ".join(found.notes)
    assert found.missing == []
