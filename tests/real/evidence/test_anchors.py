"""Heads of the chain outside: who rewrites all that is here is found, and by which anchor."""

from __future__ import annotations

import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import ValidationError

from deployments.cli.checks import audit as cli_audit
from rewriting import Row, rewrite_everything
from schemas.errors import AuditBroken
from schemas.evidence import AnchorSettings
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import Settings
from standins.anchors.heads import TOKEN, Heads
from standins.anchors.time_stamps import TimeStamps
from tasks.armed import installation
from tasks.armed.lever import Disarmed
from tasks.evidence.anchors.compare import accept_outside, compare_outside
from tasks.evidence.anchors.outside import anchor_outside
from tasks.evidence.bundle.export import Asked, export_bundle
from tasks.store import Store, open_store


class Outside(NamedTuple):
    """A store with an anchor of each kind."""

    settings: Settings
    store: Store
    heads: Heads
    remote: Path
    file: Path

    def words(self) -> dict[str, tuple[bool | None, str]]:
        """What comparing finds, by the anchor's name."""
        return {each.name: (each.same, each.words) for each in compare_outside(self.settings)}


def git(folder: Path, *arguments: str) -> str:
    """Run git."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, timeout=60
    )
    return done.stdout.decode()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeStamps]:
    """A running time stamp authority."""
    with TimeStamps(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture
def outside(home: Path, tmp_path: Path, authority: TimeStamps) -> Iterator[Outside]:
    """Anchors of every kind, with one head each."""
    remote, file = tmp_path / "remote.git", tmp_path / "mount" / "heads"
    file.parent.mkdir()
    remote.mkdir()
    git(remote, "init", "-q", "--bare")
    with Heads() as heads:
        anchors: list[dict[str, Any]] = [
            {"name": "mirror", "git": str(remote)},
            {"name": "mount", "file": file},
            {"name": "tsa", "timestamp": authority.url, "certificates": authority.certificates},
            {"name": "soc", "url": heads.url, "read": heads.url, "token": TOKEN},
        ]
        settings = Settings.model_validate({"home": home, "anchors": anchors})
        store = open_store(settings)
        for name in ("shop", "cart"):
            store.open_or_attach(
                Alert(description=f"{name} is down", service=name),
                IncidentType.SECURITY,
                Severity.P2,
            )
        assert all(each.is_there for each in anchor_outside(settings))
        yield Outside(settings, store, heads, remote, file)


def test_each_has_the_head_and_nothing_is_written_twice(outside: Outside) -> None:
    """On record once; again only when there is something new, or where one failed."""
    assert [said for said, _ in outside.words().values()] == [True] * 4
    (entry, *_) = outside.store.general_entries(1)
    assert entry.action == "anchored audit entry 2 outside: mirror, mount, tsa, soc"
    assert all(
        each.words == "has the newest entry already" for each in anchor_outside(outside.settings)
    )
    assert outside.store.audit_head()[0] == 3

    outside.store.record_action("1", "goes on")
    outside.heads.fail_with(500, times=None)
    failed = [each for each in anchor_outside(outside.settings) if not each.is_there]
    assert [each.name for each in failed] == ["soc"]
    assert "NOT soc" in outside.store.general_entries(1)[0].action
    same, words = outside.words()["soc"]
    assert same is None
    assert words.startswith("NOT COMPARED, as it was not reached")
    with pytest.raises(Disarmed, match="NOT COMPARED"):
        installation.anchor(outside.settings.anchors[3], outside.settings)
    outside.heads.recover()
    assert [each.name for each in anchor_outside(outside.settings) if "answered" in each.words] == [
        "soc"
    ]
    assert anchor_outside(outside.settings)[3].words == "has the newest entry already"
    assert outside.store.verify_audit().entries == 6
    assert len(git(outside.remote, "log", "--oneline", "aeef-anchors").splitlines()) == 2


def test_a_rewrite_of_all_that_is_here_is_found(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chain, head and local anchors fit each other; each anchor outside says that they do not."""

    def lie(row: Row) -> None:
        if row["action"].startswith("anchored"):
            row["actor"] = "nobody"
        elif row["seq"] == 1:
            row["entry_id"] = "00000000-0000-4000-8000-000000000000"

    rewrite_everything(outside.settings, lie)
    assert outside.store.verify_audit().entries == 3

    found = outside.words()
    assert {name: same for name, (same, _) in found.items()} == dict.fromkeys(found, False)
    assert "line 1 of heads.jsonl on aeef-anchors" in found["mirror"][1]
    assert f"line 1 of {outside.file} has noted" in found["mount"][1]
    assert "000000000002.tsr of 20" in found["tsa"][1]
    assert f"line 1 of {outside.heads.url}" in found["soc"][1]
    with pytest.raises(Disarmed, match=r"NOT intact: anchor mirror: audit entry 2 does not have"):
        installation.audit_log(outside.settings, full=True)
    monkeypatch.setattr(cli_audit, "load_settings", lambda: outside.settings)
    with pytest.raises(AuditBroken, match="anchor tsa: audit entry 2 does not have the hash"):
        cli_audit.verify()


def test_a_bundle_has_the_time_stamps(outside: Outside, tmp_path: Path) -> None:
    """They verify by OpenSSL, with what lies beside them."""
    path = tmp_path / "stamped.zip"
    assert export_bundle(Asked(ids=("1",)), path, outside.settings, by="ann").code() == 0
    with zipfile.ZipFile(path) as zipped:
        zipped.extractall(tmp_path)
    folder = tmp_path / "chain" / "timestamps" / "tsa"
    subprocess.run(
        ["openssl", "ts", "-verify", "-data", "000000000002.json", "-in", "000000000002.tsr",
         "-CAfile", "certificates.pem"],
        cwd=folder, check=True, capture_output=True, timeout=60,
    )  # fmt: skip


def test_what_was_cut_outside_is_found(outside: Outside) -> None:
    """The chain says what was anchored where."""
    outside.store.record_action("1", "goes on")
    anchor_outside(outside.settings)
    outside.file.write_bytes(outside.file.read_bytes().splitlines(keepends=True)[1])
    del outside.heads.lines[0]
    stamp = outside.settings.home / "anchors" / "tsa" / "000000000002.tsr"
    stamp.write_bytes(stamp.read_bytes()[:-1] + b"x")
    git(outside.remote, "update-ref", "refs/heads/aeef-anchors", "aeef-anchors~1")

    found = outside.words()
    assert found["mount"][1].startswith("audit entry 3 says that entry 2 was anchored here, but")
    assert found["soc"][1].startswith("audit entry 3 says that entry 2 was anchored here, but")
    assert "does not verify" in found["tsa"][1]
    assert "was rewritten" in found["mirror"][1]
    assert [same for same, _ in found.values()] == [False] * 4

    git(outside.remote, "update-ref", "-d", "refs/heads/aeef-anchors")
    assert "is gone from" in outside.words()["mirror"][1]
    outside.file.write_text("hello\n")
    assert "is no anchor: something else changed it" in outside.words()["mount"][1]


def test_what_was_restored_from_a_backup_is_accepted_on_record(outside: Outside) -> None:
    """The places have heads that the chain has no longer: with who and why, and no others."""
    backup = outside.settings.home / "aeef.db"
    kept = sqlite3.connect(":memory:")
    with closing(sqlite3.connect(backup)) as database:
        database.backup(kept)
    outside.store.record_action("1", "lost")
    anchor_outside(outside.settings)
    with closing(sqlite3.connect(backup)) as database:
        kept.backup(database)
    kept.close()
    outside.store.record_action("1", "goes on otherwise")
    assert "audit entry 4 does not have the hash" in outside.words()["mount"][1]
    assert [same for same, _ in outside.words().values()] == [False] * 4

    said = accept_outside(outside.settings, "restored", "ann")
    assert said[1] == "anchor mount: 1 heads that do not fit are accepted"
    assert "1 do not fit, which entries [5] accept" in outside.words()["mount"][1]
    assert [same for same, _ in outside.words().values()] == [True] * 4
    assert accept_outside(outside.settings, "again", "ann") == []

    def lie(row: Row) -> None:
        if row["seq"] == 1:
            row["entry_id"] = "00000000-0000-4000-8000-000000000000"

    outside.store.accept_missing_anchors("restored", actor="ann")
    outside.settings.anchors_path.unlink()
    outside.settings.anchors_path.touch()
    rewrite_everything(outside.settings, lie)
    assert outside.words()["mount"][0] is False


def test_what_cannot_be_reached_is_said(outside: Outside, authority: TimeStamps) -> None:
    """No anchor is passed over in silence, and none keeps the others waiting for ever."""
    outside.remote.rename(outside.remote.with_name("moved"))
    outside.file.unlink()
    outside.file.parent.rmdir()
    authority.lie(b"hello", times=None)
    outside.store.record_action("1", "goes on")
    try:
        put = {each.name: each for each in anchor_outside(outside.settings)}
    finally:
        authority.recover()
    assert {name: each.is_there for name, each in put.items()} == {
        "mirror": False, "mount": False, "tsa": False, "soc": True,
    }  # fmt: skip
    assert "no time stamp that verifies" in put["tsa"].words
    found = outside.words()
    for name in ("mirror", "mount"):
        assert found[name][0] is None
        assert found[name][1].startswith("NOT COMPARED, as it was not reached: ")
    assert f"{outside.file.parent} is not there" in found["mount"][1]


def test_answers_are_kept_without_secrets(outside: Outside) -> None:
    """An address that gives nothing back is said to; what it answered is on this machine."""
    anchors = [{"name": "soc", "url": outside.heads.url, "token": TOKEN}]
    settings = Settings.model_validate({"home": outside.settings.home, "anchors": anchors})
    (found,) = compare_outside(settings)
    assert found.same is None
    assert found.words.startswith("not compared: it gives nothing back (set `read`)")
    kept = (settings.home / "anchors" / "soc" / "receipts.jsonl").read_text()
    assert '\\"receipt\\": 1' in kept
    assert TOKEN not in kept


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "exactly one of"),
        ({"file": "/x", "git": "/y"}, "exactly one of"),
        ({"file": "x"}, "absolute path"),
        ({"timestamp": "https://tsa.example"}, "needs `certificates`"),
        ({"git": "--upload-pack=x"}, "git remote"),
        ({"git": "https://ann:hunter2@git.example/x"}, "no password"),
        ({"file": "/x", "read": "https://x.example"}, "belongs to `url`"),
    ],
)
def test_a_wrong_anchor_is_refused(table: dict[str, Any], said: str) -> None:
    """And no secret is repeated."""
    with pytest.raises(ValidationError, match=said) as caught:
        AnchorSettings.model_validate({"name": "it", **table})
    assert "hunter2" not in str(caught.value)
