"""Reports are opened inside the repository only, and names in them are only looked up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_targets import command_target, commit, new_repository
from schemas.errors import InvalidInput
from tasks.reports.report_files import MOST_BYTES, TrackedFiles, read_report, tracked_files
from tasks.target.repository import TargetRepository

FILES = TrackedFiles(
    ["shop/cart.py", "src/app/models.py", "models.py", "web/a.js", "admin/a.js", "x/only.kt"]
)


@pytest.mark.parametrize(
    ("name", "roots", "file"),
    [
        ("shop/cart.py", [], "shop/cart.py"),
        ("./shop/cart.py", [], "shop/cart.py"),
        ("shop\\cart.py", [], "shop/cart.py"),
        ("models.py", ["/builds/1/src/app"], "src/app/models.py"),
        ("models.py", [], "models.py"),
        ("/home/ci/work/shop/cart.py", [], "shop/cart.py"),
        ("only.kt", ["/somewhere/else"], "x/only.kt"),
        ("a.js", [], None),
        ("../shop/cart.py", [], None),
        ("/etc/passwd", ["/"], None),
        ("", [], None),
        ("a\0b", [], None),
        ("x" * 100_000, [], None),
    ],
)
def test_a_name_is_looked_up_among_the_tracked_files(
    name: str, roots: list[str], file: str | None
) -> None:
    """Relative to the report's own folders, wherever these were; ambiguous or climbing: none."""
    assert file == FILES.find(name, roots)


@given(st.text(), st.lists(st.text(), max_size=3))
def test_only_tracked_files_are_ever_found(name: str, roots: list[str]) -> None:
    """Whatever a report calls its files."""
    assert FILES.find(name, roots) in {None, *FILES._names}  # noqa: SLF001 - what it was given


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
