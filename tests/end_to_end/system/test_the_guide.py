"""docs/adding-a-runbook.md, followed to the letter in a copy of this tree."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from documents import apply_diff, blocks_of, commands_of
from support import ROOT

GUIDE = ROOT / "docs" / "adding-a-runbook.md"
NOT_COPIED = (".git", ".venv", ".pytest_cache", ".hypothesis", "*.egg-info", "*.pyc.*")
"""The last are files that Python is about to rename: other test processes compile meanwhile."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with the files that the guide shows and the changes that it asks for."""
    copy = tmp_path / "checkout"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for block in blocks_of(GUIDE):
        place = copy / block.path
        if block.language == "diff":
            place.write_text(apply_diff(place.read_text("utf-8"), block.text), "utf-8")
        elif block.language:
            assert not place.exists(), f"{block}: {block.path} is there already"
            place.write_text(block.text, "utf-8")
    # Tests of the house ask git what is committed.
    subprocess.run(["git", "init", "--quiet", "--template="], cwd=copy, check=True, timeout=60)
    subprocess.run(["git", "add", "--all"], cwd=copy, check=True, timeout=60)
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


def test_who_follows_the_guide_has_a_runbook_that_passes_everything(tree: Path) -> None:
    """Every command that it names passes; its test is a real `aeef up` with the new runbook."""
    named = [command for block in blocks_of(GUIDE) for command in commands_of(block)]
    assert ["make test", "make check"] == [" ".join(command.split()[:2]) for command in named]

    for command in named:
        make, *arguments = shlex.split(command)
        # The environment is that of these tests: nothing must be installed for the copy.
        ran = subprocess.run(
            [make, "-o", ".venv/.installed", *arguments],
            cwd=tree,
            env={**_without_pytest(), "PYTHONPATH": str(tree)},
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert 0 == ran.returncode, f"{command}\n{ran.stdout[-6000:]}\n{ran.stderr[-2000:]}"


def _without_pytest() -> dict[str, str]:
    """Our environment, less what pytest says to the processes that it starts."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
