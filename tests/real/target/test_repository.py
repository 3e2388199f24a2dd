"""Queries of a target's repository: fast, and never wrong."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from samples.targets import command_target, commit, git
from schemas.settings import Target
from tasks.target.repository import TargetRepository


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A target with two commits."""
    return command_target(tmp_path)


def test_all_questions_for_commits_go_to_one_process_of_git(target: Target) -> None:
    """Each program that is started costs a rollback some milliseconds."""
    commits = git(target.repository, "rev-list", "--all").split()
    before = psutil.Process().children()

    with TargetRepository(target) as repository:
        assert commits == [repository.find_commit(each) for each in commits]
        assert repository.head().commit in commits
        [asked] = [each for each in psutil.Process().children() if each not in before]
        assert "cat-file" in asked.cmdline()

    assert not asked.is_running()


@pytest.mark.parametrize("name", ["HEAD^{tree}", "HEAD:app.conf", "a-tag"])
def test_what_is_no_commit_is_not_found_as_one(target: Target, name: str) -> None:
    """A tree, a file, an annotated tag: each has an id, and none is a commit."""
    git(target.repository, "tag", "--annotate", "--message", "a tag", "a-tag")
    other = git(target.repository, "rev-parse", name)

    with TargetRepository(target) as repository:
        assert repository.find_commit(other) is None


def test_an_abbreviated_commit_is_found_in_full(target: Target) -> None:
    """As a person types it; what is not there is not found."""
    commit = git(target.repository, "rev-parse", "HEAD")

    with TargetRepository(target) as repository:
        assert commit == repository.find_commit(commit[:8])
        assert repository.find_commit("0" * 40) is None
        assert repository.find_commit("HEAD") is None


def test_a_filter_of_the_repository_sees_no_setting_of_ours(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout runs what the repository's own configuration names, and secrets are settings."""
    monkeypatch.setenv("AEEF_PAGERDUTY__ROUTING_KEY", "S" * 32)
    seen = tmp_path / "seen"
    git(target.repository, "config", "filter.spy.smudge", f"env >> '{seen}'; cat")
    spied = commit(target.repository, {".gitattributes": "* filter=spy\n", "a": "1"}, "Spied on")
    git(target.repository, "checkout", "--quiet", f"{spied}~1")
    seen.unlink(missing_ok=True)

    with TargetRepository(target) as repository:
        repository.checkout(spied)

    assert "PATH=" in seen.read_text()
    assert "S" * 32 not in seen.read_text()
