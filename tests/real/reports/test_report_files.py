"""Reports in a real repository: only what git tracks is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from samples.targets import command_target, commit, new_repository
from schemas.errors import InvalidInput
from tasks.reports.report_files import MOST_BYTES, read_report, tracked_files
from tasks.target.repository import TargetRepository


def test_what_is_no_report_in_the_repository_is_refused(tmp_path: Path) -> None:
    """Links that lead out, git's own files, pipes, folders, circles, huge files, missing ones."""
    root = new_repository(tmp_path / "repository")
    commit(root, {"inside.xml": "<a/>"})
    (tmp_path / "outside.xml").write_text("secret")
    (root / "out.xml").symlink_to(tmp_path / "outside.xml")
    (root / "absolute").symlink_to("/etc")
    (root / "within.xml").symlink_to("inside.xml")
    (root / "circle").symlink_to("circle")
    os.mkfifo(root / "pipe")
    (root / "folder").mkdir()
    with (root / "huge.xml").open("wb") as huge:
        huge.truncate(MOST_BYTES + 1)

    assert b"<a/>" == read_report(root, "within.xml")
    for name, reason in {
        "out.xml": "leads out",
        "absolute/passwd": "leads out",
        "../outside.xml": "leads out",
        str(tmp_path / "outside.xml"): "leads out",
        ".git/config": "leads out",
        "circle": "cannot be read|is not a plain file",
        "pipe": "not a plain file",
        "folder": "not a plain file|cannot be read",
        "huge.xml": "at most",
        "missing.xml": "No such file",
        "nul\0.xml": "cannot be read",
    }.items():
        with pytest.raises(InvalidInput, match=reason) as raised:
            read_report(root, name)
        assert "secret" not in str(raised.value)


def test_a_file_whose_name_is_not_utf_8_is_left_out(tmp_path: Path) -> None:
    """Git hands its bytes over as they are, and no database would take them."""
    target = command_target(tmp_path)
    folder = os.fsencode(target.repository) + b"/\xff"
    Path(os.fsdecode(folder)).mkdir()
    Path(os.fsdecode(folder + b"/odd.py")).write_text("")
    head = commit(target.repository, {"even.py": ""})

    with TargetRepository(target) as repository:
        files = tracked_files(repository, head)

    assert (None, "even.py") == (files.find("odd.py"), files.find("even.py"))
