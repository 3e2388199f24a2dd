"""Of a change, what its commits and records say of the AI that made it; real git."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samples.aeef import tools as aeef_tools
from samples.targets import command_target, commit, git
from tasks.target.generations import generations_of
from tasks.target.repository import TargetRepository


@pytest.mark.proves("IR-ORIGIN")
def test_what_the_tools_wrote_and_removed_again_is_found(tmp_path: Path) -> None:
    """A record that lies there, one that only the history has, and a commit's own words."""
    target = command_target(tmp_path)
    path = target.repository
    before = git(path, "rev-parse", "HEAD")
    made = commit(path, {"a.txt": "1"}, aeef_tools.MESSAGE)
    git(path, "checkout", "-q", "-b", "aeef/qc")
    run = ".aeef/provenance/20260301-120000-ab12.json"
    commit(path, {run: json.dumps(aeef_tools.run_record(made))}, "provenance")
    git(path, "rm", "-q", run)
    git(path, "commit", "-q", "-m", "tidied up")
    git(path, "checkout", "-q", "-")
    git(path, "merge", "-q", "--no-ff", "-m", "Merge", "aeef/qc")
    head = git(path, "rev-parse", "HEAD")
    lying = path / target.provenance / f"{head}.json"
    lying.write_text(json.dumps({"stages": {}, **aeef_tools.schema_record()["provenance"]}))
    (path / target.provenance / "odd.json").write_text("[1")

    with TargetRepository(target) as repository:
        found = generations_of(repository, before, head)
        none = generations_of(repository, head, head)

    assert {"claude-opus-4", "claude-code", "copilot"} == {each.tool for each in found}
    assert {f"commit {made[:12]}", run, f"provenance/{head}.json"} == {
        each.source for each in found
    }
    assert ["copilot"] == [each.tool for each in none]
