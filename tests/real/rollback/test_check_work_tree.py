"""What a checkout would lose or stumble over is found, and named, before anything is touched."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from samples.targets import git
from schemas.errors import DeployFailed, RollbackError, TargetError
from schemas.settings import Target
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release
from tasks.rollback.roll_back import rehearse_rollback


def _home(target: Target) -> Path:
    return target.repository.parent / "home"


def _refused(target: Target) -> str:
    """Why the rollback is refused; the rehearsal says the same, and nothing is changed."""
    before = git(target.repository, "rev-parse", "HEAD"), _status(target)
    with pytest.raises(RollbackError) as rehearsed:
        rehearse_rollback(target, _home(target))
    plan = choose_release(target)
    with pytest.raises(TargetError) as caught:
        deploy_release(target, plan, home=_home(target))

    assert not isinstance(caught.value, DeployFailed)
    assert str(caught.value) in str(rehearsed.value)
    assert before == (git(target.repository, "rev-parse", "HEAD"), _status(target))
    assert not (target.repository / ".git" / "aeef" / "rollback.json").exists()
    return str(caught.value)


def _status(target: Target) -> str:
    return git(target.repository, "status", "--porcelain")


def _mode(path: Path) -> None:
    (path / "app.conf").chmod(0o755)


def _line_ends(path: Path) -> None:
    file = path / "app.conf"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))


def _link(path: Path) -> None:
    (path / "app.conf").unlink()
    (path / "app.conf").symlink_to("README.md")


def _unlooked(option: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        git(path, "update-index", option, "app.conf")
        (path / "app.conf").write_text("mine\n")

    return change


def _unfinished(name: str) -> Callable[[Path], None]:
    return lambda path: (path / ".git" / name).touch()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_mode, "app.conf: only its mode (100644 → 100755)"),
        (_line_ends, "app.conf: only its line ends"),
        (_link, "app.conf: a link now, committed as a file"),
        (_unlooked("--assume-unchanged"), "told not to look (assume-unchanged)"),
        (_unlooked("--skip-worktree"), "told not to look (skip-worktree)"),
        (_unfinished("BISECT_LOG"), "a bisect is unfinished"),
        (_unfinished("sequencer"), "a cherry-pick or revert of several commits is unfinished"),
    ],
)
def test_a_local_change_is_called_what_it_is(
    demo_target: Target, change: Callable[[Path], None], said: str
) -> None:
    """At three in the morning 'local changes' is not enough."""
    change(demo_target.repository)

    assert said in _refused(demo_target)


def test_a_change_of_mode_alone_may_be_let_go(demo_target: Target) -> None:
    """By a setting; another change beside it still refuses."""
    lenient = demo_target.model_copy(update={"discard_mode_changes": True})
    _mode(demo_target.repository)
    (demo_target.repository / "README.md").write_text("mine\n")
    assert "would be lost: README.md;" in _refused(lenient)
    git(demo_target.repository, "checkout", "README.md")
    said: list[str] = []

    plan = rehearse_rollback(lenient, _home(lenient))
    assert os.access(demo_target.repository / "app.conf", os.X_OK)
    deploy_release(lenient, plan, home=_home(lenient), report=said.append)

    assert "undid local changes: app.conf: only its mode (100644 → 100755)" in said
    assert "" == git(demo_target.repository, "status", "--porcelain", "-uno")


def test_a_mode_that_git_ignores_is_no_change(demo_target: Target) -> None:
    """As on a file system without modes."""
    git(demo_target.repository, "config", "core.fileMode", "false")
    _mode(demo_target.repository)

    assert choose_release(demo_target) == rehearse_rollback(demo_target, _home(demo_target))


@pytest.mark.parametrize(("ignored", "kind"), [(False, "not tracked by"), (True, "ignored by")])
def test_what_stands_in_the_way_is_named_by_day(
    demo_target: Target, ignored: bool, kind: str
) -> None:
    """A file that only the good release has, and that somebody wrote here meanwhile."""
    path = demo_target.repository
    git(path, "checkout", "--quiet", choose_release(demo_target).to_commit)
    good = commit_only(path, {"new/app.env": "1\n", "new/folder": "a file\n"})
    git(path, "checkout", "--quiet", "main")
    _prove_as(demo_target, good)
    (path / "new" / "folder").mkdir(parents=True)
    (path / "new" / "folder" / "mine").touch()
    (path / "new" / "app.env").write_text("mine\n")
    if ignored:
        (path / ".git" / "info").mkdir(exist_ok=True)
        (path / ".git" / "info" / "exclude").write_text("new/app.env\n")

    said = _refused(demo_target)

    assert f"new/app.env: {kind} git, new/folder: a folder with files that git lacks" in said
    assert "mine\n" == (path / "new" / "app.env").read_text()


@pytest.mark.parametrize("name", ["HEAD.lock", "index.lock"])
def test_a_lock_is_found_before_anything_is_touched(
    demo_target: Target, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It is named once with its age; after it is removed, the same rollback goes through."""
    monkeypatch.setattr("tasks.rollback.check_work_tree._LOCK_PATIENCE", 0.1)
    lock = demo_target.repository / ".git" / name
    lock.touch()
    os.utime(lock, (1, 1))

    said = _refused(demo_target)

    assert f"when none runs, remove {lock}" in said
    assert 1 == said.count(name)
    assert "days old; no git process is seen there" in said
    lock.unlink()
    assert deploy_release(demo_target, choose_release(demo_target), home=_home(demo_target)).changed


def test_a_lock_that_comes_in_between_is_told_without_gits_paragraph(
    demo_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retry heals, once it is removed."""
    lock = demo_target.repository / ".git" / "HEAD.lock"
    plan = choose_release(demo_target)
    with monkeypatch.context() as patched:
        patched.setattr("tasks.rollback.deploy_release.refuse_submodules", lambda *_: lock.touch())
        with pytest.raises(DeployFailed, match=f"{lock} is in the way") as caught:
            deploy_release(demo_target, plan, home=_home(demo_target))
    assert "Another git process" not in str(caught.value)
    with pytest.raises(TargetError, match=f"when none runs, remove {lock}"):
        deploy_release(demo_target, plan, home=_home(demo_target))
    lock.unlink()

    deploy_release(demo_target, plan, home=_home(demo_target))

    assert "" == git(demo_target.repository, "status", "--porcelain", "-uno")
    assert plan.to_commit == git(demo_target.repository, "rev-parse", "HEAD")


def test_what_cannot_be_written_is_found_by_day(demo_target: Target) -> None:
    """By really writing: here the history is led to where nobody can write."""
    target = demo_target.model_copy(update={"history": "elsewhere/history.json"})
    (target.repository / "elsewhere").symlink_to("/proc/self")
    plan = choose_release(demo_target)

    with pytest.raises(TargetError, match="nothing can be written in /proc/"):
        deploy_release(target, plan, home=_home(target))


def commit_only(path: Path, files: dict[str, str]) -> str:
    """A commit of these files, on no branch."""
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    git(path, "add", "--", *files)
    git(path, "commit", "--quiet", "--message", "More")
    return git(path, "rev-parse", "HEAD")


def _prove_as(target: Target, good: str) -> None:
    """Let this commit be the good one of the demo, in the history and in its proof."""
    old = choose_release(target).to_commit
    proof = target.provenance_path(old).read_text()
    target.provenance_path(good).write_text(proof.replace(old, good))
    target.history_path.write_text(target.history_path.read_text().replace(old, good))
