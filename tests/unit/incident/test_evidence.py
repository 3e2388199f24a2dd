"""Evidence is kept once, for its owner's eyes only, and no change of it goes unnoticed."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import InvalidInput
from tasks.incident.evidence import Evidence
from tasks.store.audit.evidence import MANIFEST


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    """The evidence of a new incident."""
    return Evidence(str(uuid4()), tmp_path / "home")


def mode(path: Path) -> int:
    """The permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_may_look(evidence: Evidence) -> None:
    """Directories 0700, files 0600, whatever the umask."""
    before = os.umask(0)
    try:
        evidence.keep("a.json", b"1", source="test")
    finally:
        os.umask(before)

    assert [0o700, 0o700] == [mode(evidence.directory), mode(evidence.directory.parent)]
    assert {"a.json", MANIFEST} == {path.name for path in evidence.directory.iterdir()}
    assert {0o600} == {mode(path) for path in evidence.directory.iterdir()}


def test_the_same_again_changes_nothing(evidence: Evidence) -> None:
    """A retry of a step adds no file and no line."""
    first = evidence.keep("a.json", b"1", source="test")
    sealed = evidence.manifest_sha256

    assert first == evidence.keep("a.json", b"1", source="test")
    assert sealed == evidence.manifest_sha256
    assert hashlib.sha256(b"1").hexdigest() == first.sha256


def test_other_content_gets_another_name(evidence: Evidence) -> None:
    """Nothing is overwritten."""
    names = [evidence.keep("a.json", each, source="test").file for each in (b"1", b"2", b"3")]

    assert ["a.json", "a-2.json", "a-3.json"] == names
    assert b"1" == (evidence.directory / "a.json").read_bytes()
    assert [] == evidence.problems()


def test_every_change_is_noticed(evidence: Evidence) -> None:
    """A changed file, a missing one, a changed line and a removed line."""
    for number in range(3):
        evidence.keep(f"{number}.txt", b"%d" % number, source="test")
    manifest = evidence.directory / MANIFEST
    lines = manifest.read_bytes().splitlines(keepends=True)

    (evidence.directory / "1.txt").write_bytes(b"x")
    assert ["1.txt was changed"] == evidence.problems()
    (evidence.directory / "1.txt").unlink()
    assert ["1.txt cannot be read: No such file or directory"] == evidence.problems()
    (evidence.directory / "1.txt").write_bytes(b"1")
    manifest.write_bytes(lines[0] + lines[2])
    assert ["line 2 of the manifest does not follow the one before"] == evidence.problems()
    manifest.write_bytes(lines[0].replace(b"test", b"tent") + lines[1] + lines[2])
    assert "line 2 of the manifest does not follow the one before" in evidence.problems()


def test_what_fails_halfway_is_no_evidence(evidence: Evidence) -> None:
    """Nothing of it stays."""

    def half() -> None:
        with evidence.writing("a.txt", source="test") as file:
            file.write(b"half")
            raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        half()

    assert [] == list(evidence.directory.iterdir())


def test_what_a_killed_writer_left_is_removed_and_a_living_one_is_not(evidence: Evidence) -> None:
    """The next writer tidies up; two write at once."""
    pid = os.fork()
    if pid == 0:
        with evidence.writing("a.txt", source="test") as file:
            file.write(b"half")
            os._exit(0)
    os.waitpid(pid, 0)
    assert 1 == len(list(evidence.directory.iterdir()))

    with evidence.writing("b.txt", source="test") as first:
        first.write(b"1")
        evidence.keep("c.txt", b"2", source="test")

    assert {"b.txt", "c.txt", MANIFEST} == {path.name for path in evidence.directory.iterdir()}
    assert [] == evidence.problems()


def test_a_line_that_a_power_failure_cut_off_does_not_spoil_the_next(evidence: Evidence) -> None:
    """It is reported, and everything else still verifies."""
    evidence.keep("a.txt", b"1", source="test")
    with (evidence.directory / MANIFEST).open("ab") as manifest:
        manifest.write(b'{"file": "b.t')
    evidence.keep("b.txt", b"2", source="test")

    assert ["a.txt", "b.txt"] == [each.file for each in evidence.files()]
    assert ["line 2 of the manifest cannot be read"] == evidence.problems()


@pytest.mark.parametrize("incident_id", ["", "../../etc", "; rm -rf /", "abc"])
def test_evidence_belongs_to_an_incident(tmp_path: Path, incident_id: str) -> None:
    """Nothing but a full incident id makes a folder."""
    with pytest.raises(InvalidInput, match="full id"):
        Evidence(incident_id, tmp_path / "home")

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 151])
def test_a_name_stays_in_the_folder(evidence: Evidence, name: str) -> None:
    """No name leads elsewhere."""
    with pytest.raises(InvalidInput, match="letters"):
        evidence.keep(name, b"1", source="test")


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    """Evidence does not land where somebody's link points to."""
    incident_id = str(uuid4())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / incident_id).symlink_to(elsewhere)

    with pytest.raises(InvalidInput, match="no link"):
        Evidence(incident_id, tmp_path)

    assert [] == list(elsewhere.iterdir())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a.json", "b"]), st.binary(max_size=50)), max_size=8))
def test_whatever_is_kept_is_there(kept: list[tuple[str, bytes]]) -> None:
    """Each content can be found by its hash, and the manifest holds."""
    with tempfile.TemporaryDirectory() as home:
        evidence = Evidence(str(uuid4()), Path(home))
        for name, content in kept:
            evidence.keep(name, content, source="test")

        hashes = {each.sha256 for each in evidence.files()}
        assert {hashlib.sha256(content).hexdigest() for _, content in kept} == hashes
        assert [] == evidence.problems()
