"""Putting a release in place by a command, on real git: all or nothing, and once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from processes.rollback_process import deployed_by, gone, killed_at, started
from samples.targets import commit, git, prove
from schemas.errors import DeployFailed, DirtyWorkTree, NoProvenRelease, TargetError
from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Target
from support import wait_until
from tasks.deploy.running_commit import running_commit
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release
from tasks.target.repository import aeef_directory


def _roll_back(target: Target, to_commit: str | None = None) -> DeployedRelease:
    return deploy_release(target, choose_release(target, to_commit), home=_home(target))


def _home(target: Target) -> Path:
    return target.repository.parent / "home"


def _good_and_bad(target: Target) -> tuple[str, str]:
    bad, good, *_first = git(target.repository, "rev-list", "HEAD").split()
    return good, bad


def _with_script(target: Target, name: str, text: str) -> Target:
    """The target with a script of its own, outside of the repository."""
    path = target.repository.parent / name
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)
    return target.model_copy(update={"deploy_command": (str(path), "{commit}")})


def _track_records(target: Target) -> str:
    """Commit history and provenance on top of the bad commit, then deploy that and modify them."""
    repository = target.repository
    good, bad = _good_and_bad(target)
    newest = commit(repository, {}, "Records are kept in git")
    subprocess.run(["./deploy", newest], cwd=repository, check=True)
    history = target.history_path.read_text().replace(bad, newest)
    target.history_path.write_text(history)
    prove(target, newest)
    git(repository, "add", target.provenance)
    target.provenance_path(bad).unlink()
    return good


def _records(target: Target) -> dict[str, bytes]:
    paths = [target.history_path, *(target.repository / target.provenance).iterdir()]
    return {path.name: path.read_bytes() for path in paths}


@pytest.mark.proves("SPEC-ROLLBACK-execute")
def test_the_good_release_runs_after_a_rollback(demo_target: Target) -> None:
    """Checked out, deployed, verified healthy; every stage is logged in one line."""
    good, bad = _good_and_bad(demo_target)
    lines: list[str] = []
    plan = choose_release(demo_target)

    deployed = deploy_release(demo_target, plan, home=_home(demo_target), report=lines.append)

    assert running_commit(demo_target) == good
    assert git(demo_target.repository, "rev-parse", "HEAD") == good
    assert (deployed.commit, deployed.previous, deployed.changed) == (good, bad, True)
    assert [
        f"checked out {good[:12]}",
        f"deployed {good[:12]} by ./deploy",
    ] == lines[:2]
    assert lines[2].startswith("healthy after")


def test_a_release_that_runs_healthy_is_left_alone(demo_target: Target) -> None:
    """The second call looks, and changes nothing."""
    plan = choose_release(demo_target)
    deploy_release(demo_target, plan, home=_home(demo_target))
    broken = _with_script(demo_target, "never-called", "exit 1")

    again = deploy_release(broken, plan, home=_home(demo_target))

    assert not again.changed


@pytest.mark.parametrize("change", ["modified", "staged", "deleted"])
def test_local_changes_are_never_lost(demo_target: Target, change: str) -> None:
    """A dirty work tree refuses, names the file, and stays as it is."""
    path = demo_target.repository / "app.conf"
    path.write_text("mine\n")
    if change == "staged":
        git(demo_target.repository, "add", "app.conf")
    if change == "deleted":
        path.unlink()
    _, bad = _good_and_bad(demo_target)

    with pytest.raises(DirtyWorkTree, match=r"would be lost: app\.conf; commit, stash"):
        _roll_back(demo_target)

    assert running_commit(demo_target) == bad
    assert git(demo_target.repository, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert path.exists() == (change != "deleted")
    assert change == "deleted" or path.read_text() == "mine\n"


def test_at_most_ten_changed_files_are_named(demo_target: Target) -> None:
    """A long list is cut, and says how much more there is."""
    names = {f"file{number:02}": "a" for number in range(13)}
    newest = commit(demo_target.repository, names)
    for name in names:
        (demo_target.repository / name).write_text("b")
    prove(demo_target, newest)

    with pytest.raises(DirtyWorkTree, match=r"file00, .*, file09, and 3 more;"):
        _roll_back(demo_target, newest)


@pytest.mark.parametrize("ignored", [False, True])
def test_a_file_that_git_does_not_know_is_not_overwritten(
    demo_target: Target, *, ignored: bool
) -> None:
    """An untracked file in the way refuses, be it ignored or not."""
    repository = demo_target.repository
    old = commit(repository, {"local.conf": "committed"})
    ignore = {".gitignore": "/run/\n/local.conf\n"} if ignored else {}
    (repository / "local.conf").unlink()
    commit(repository, ignore, "Without it")
    (repository / "local.conf").write_text("precious")
    prove(demo_target, old)

    with pytest.raises(DirtyWorkTree, match=r"would be overwritten: local\.conf"):
        _roll_back(demo_target, old)

    assert (repository / "local.conf").read_text() == "precious"
    assert git(repository, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert running_commit(demo_target) != old


def test_an_unfinished_merge_is_refused(demo_target: Target) -> None:
    """A merge in progress is someone's work."""
    (demo_target.repository / ".git" / "MERGE_HEAD").write_text("0" * 40)

    with pytest.raises(DirtyWorkTree, match="a merge is unfinished"):
        _roll_back(demo_target)


def test_submodules_are_refused(demo_target: Target) -> None:
    """A checkout would leave submodules behind: better to say so first."""
    entry = f"160000,{'1' * 40},vendored"
    git(demo_target.repository, "update-index", "--add", "--cacheinfo", entry)
    git(demo_target.repository, "commit", "--quiet", "--message", "With a submodule")
    sha = git(demo_target.repository, "rev-parse", "HEAD")
    (demo_target.repository / "vendored").mkdir()
    prove(demo_target, sha)

    with pytest.raises(TargetError, match=r"has submodules \(vendored\)"):
        _roll_back(demo_target, sha)


def test_a_commit_that_only_the_remote_has_is_fetched(demo_target: Target, tmp_path: Path) -> None:
    """A commit that no local branch knows comes from origin, and is deployed."""
    upstream = tmp_path / "upstream"
    git(tmp_path, "clone", "--quiet", str(demo_target.repository), str(upstream))
    fixed = commit(upstream, {"app.conf": "status=ok\n"}, "Fixed")
    git(demo_target.repository, "remote", "add", "origin", str(upstream))
    prove(demo_target, fixed)

    deployed = _roll_back(demo_target, fixed)

    assert deployed.commit == fixed
    assert running_commit(demo_target) == fixed


@pytest.mark.parametrize("remote", [None, "https://user:s3cret@127.0.0.1:1/shop.git"])
def test_a_commit_that_nobody_has_stops_the_fetch(demo_target: Target, remote: str | None) -> None:
    """Without the commit nothing is changed, and no password is shown."""
    if remote:
        git(demo_target.repository, "remote", "add", "origin", remote)
    prove(demo_target, "1" * 40)

    with pytest.raises(TargetError, match=r"^111111111111 is n") as caught:
        _roll_back(demo_target, "1" * 40)

    assert "fetch" == caught.value.stage
    assert "s3cret" not in str(caught.value)
    assert git(demo_target.repository, "rev-parse", "--abbrev-ref", "HEAD") == "main"


def test_a_proof_that_is_gone_since_stops_the_rollback(demo_target: Target) -> None:
    """A plan that is deployed later is proven once more."""
    plan = choose_release(demo_target)
    demo_target.provenance_path(plan.to_commit).unlink()

    with pytest.raises(NoProvenRelease, match="it has no provenance record"):
        deploy_release(demo_target, plan, home=_home(demo_target))


def test_a_plan_for_another_target_is_refused(demo_target: Target) -> None:
    """A plan for one target is not deployed to another."""
    plan = choose_release(demo_target).model_copy(update={"target": "other"})

    with pytest.raises(TargetError, match="the plan is for other, not for demo"):
        deploy_release(demo_target, plan, home=_home(demo_target))


def test_a_failing_deploy_puts_back_what_ran(demo_target: Target) -> None:
    """The error has the end of the output, without passwords, and says what runs now."""
    good, bad = _good_and_bad(demo_target)
    target = _with_script(
        demo_target,
        "deploy",
        f'[ "$1" = {good} ] || exec {demo_target.repository}/deploy "$1"\n'
        "rm run/current; echo cannot pull https://me:s3cret@registry/x; exit 3\n",
    )

    with pytest.raises(DeployFailed) as caught:
        _roll_back(target)

    text = str(caught.value)
    assert caught.value.stage == "deploy"
    assert "ended with exit code 3\ncannot pull https://registry/x" in text
    assert f"{bad[:12]} was put back and runs, but is not healthy" in text
    assert running_commit(target) == bad
    assert git(target.repository, "rev-parse", "--abbrev-ref", "HEAD") == "main"


@pytest.mark.proves("SPEC-ROLLBACK-health")
def test_an_unhealthy_release_is_replaced_by_what_ran(demo_target: Target) -> None:
    """Going from good to bad fails the health check, and good runs again."""
    good, bad = _good_and_bad(demo_target)
    _roll_back(demo_target)
    git(demo_target.repository, "checkout", "--quiet", "main")

    with pytest.raises(
        DeployFailed, match=f"(?s)good answers.*broken.*{good[:12]} was put back, runs"
    ):
        _roll_back(demo_target, bad)

    assert running_commit(demo_target) == good
    assert git(demo_target.repository, "rev-parse", "--abbrev-ref", "HEAD") == "main"


def test_without_a_running_command_nothing_is_said_to_run(demo_target: Target) -> None:
    """Neither after a rollback nor after putting back: only that deploy_command was run."""
    target = demo_target.model_copy(update={"running_command": ()})
    good, bad = _good_and_bad(target)

    deployed = _roll_back(target)
    git(target.repository, "checkout", "--quiet", "main")
    with pytest.raises(DeployFailed) as failed:
        _roll_back(target, bad)

    assert good == deployed.commit
    assert not deployed.verified
    assert "./deploy was run again for" in str(failed.value)
    assert "Which commit runs is not known: [targets.demo] has no running_command" in str(
        failed.value
    )
    assert "was put back" not in str(failed.value)


def test_when_putting_back_fails_the_error_says_so(demo_target: Target) -> None:
    """Nothing works any more: the error must say what runs."""
    target = _with_script(demo_target, "deploy", "echo no; exit 1")
    _, bad = _good_and_bad(demo_target)

    with pytest.raises(
        DeployFailed,
        match=f"(?s)Putting back what ran before failed at 'deploy'.*runs now: {bad[:12]}",
    ):
        _roll_back(target)


def test_a_deploy_that_deploys_something_else_is_noticed(demo_target: Target) -> None:
    """Exit code 0 is not believed: what runs is asked."""
    target = _with_script(demo_target, "deploy", "exit 0")

    with pytest.raises(DeployFailed, match=r"^'\./running' says that") as caught:
        _roll_back(target)

    assert "verify" == caught.value.stage


def test_a_deploy_that_hangs_is_ended(demo_target: Target) -> None:
    """The deadline ends the command and what it started; the old release is put back."""
    good, _ = _good_and_bad(demo_target)
    pid_file = demo_target.repository.parent / "pid"
    target = _with_script(
        demo_target.model_copy(update={"deploy_timeout": 1.0}),
        "deploy",
        f'[ "$1" = {good} ] || exit 0\nsleep 1000 & echo $! > {pid_file}; wait',
    )

    with pytest.raises(DeployFailed, match="did not finish within 1 s"):
        _roll_back(target)

    assert gone(int(pid_file.read_text()))


def test_our_secrets_are_not_handed_to_commands(
    demo_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deploy command sees the environment without our settings."""
    monkeypatch.setenv("AEEF_SLACK__TOKEN", "s3cret")
    target = _with_script(demo_target, "deploy", "env; exit 1")

    with pytest.raises(DeployFailed) as caught:
        _roll_back(target)

    assert "s3cret" not in str(caught.value)


def test_the_targets_git_hooks_do_not_run(demo_target: Target) -> None:
    """A checkout of ours does not start the developers' hooks."""
    hook = demo_target.repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch run/hook-ran\n")
    hook.chmod(0o755)

    _roll_back(demo_target)

    assert not (demo_target.repository / "run" / "hook-ran").exists()


def test_records_that_git_tracks_are_carried_over_the_checkout(demo_target: Target) -> None:
    """Modified, staged and deleted records are, after the rollback, exactly what they were."""
    good = _track_records(demo_target)
    before = _records(demo_target)

    deployed = _roll_back(demo_target)

    assert deployed.commit == good
    assert before == _records(demo_target)


def test_records_are_carried_back_when_the_deploy_fails(demo_target: Target) -> None:
    """Going there and back again loses nothing either."""
    _track_records(demo_target)
    before = _records(demo_target)
    target = _with_script(demo_target, "deploy", "exit 1")

    with pytest.raises(DeployFailed):
        _roll_back(target)

    assert before == _records(demo_target)
    assert git(demo_target.repository, "rev-parse", "--abbrev-ref", "HEAD") == "main"


@pytest.mark.parametrize(
    "point",
    [
        "after tasks.rollback.deploy_release.write_journal",
        "before tasks.target.carry_records._make_way",
        "after tasks.target.carry_records._make_way",
        "before tasks.target.repository.TargetRepository.checkout",
        "after tasks.target.repository.TargetRepository.checkout",
        "before tasks.target.carry_records._write_back",
        "after tasks.target.carry_records._write_back",
        "before tasks.deploy.command_deployer.CommandDeployer.start",
        "after tasks.deploy.command_deployer.CommandDeployer.start",
        "before tasks.rollback.deploy_release.wait_until_healthy",
        "before tasks.rollback.deploy_release.end_journal",
        "after tasks.rollback.deploy_release.end_journal",
    ],
)
def test_a_killed_rollback_is_completed_by_the_next(demo_target: Target, point: str) -> None:
    """After kill -9 anywhere the same call finishes, and the records are as they were."""
    good = _track_records(demo_target)
    before = _records(demo_target)
    plan = choose_release(demo_target)
    killed_at(point, demo_target, plan, _home(demo_target))

    assert choose_release(demo_target, good).to_commit == good
    deployed = deploy_release(demo_target, plan, home=_home(demo_target))

    assert deployed.commit == good
    assert deployed.previous == plan.from_commit
    assert running_commit(demo_target) == good
    assert before == _records(demo_target)
    aeef = demo_target.repository / ".git" / "aeef"
    assert {path.name for path in aeef.iterdir()} == {"records.lock", "rollback.lock"}


def test_records_written_after_a_kill_are_kept_beside_the_older_ones(demo_target: Target) -> None:
    """A deployment that was recorded since the kill is not overwritten; the copy is not lost."""
    _track_records(demo_target)
    plan = choose_release(demo_target)
    older = demo_target.history_path.read_bytes()
    point = "before tasks.target.repository.TargetRepository.checkout"
    killed_at(point, demo_target, plan, _home(demo_target))
    newer = older.replace(b'"failed"', b'"written-since"')
    demo_target.history_path.write_bytes(newer)

    deploy_release(demo_target, plan, home=_home(demo_target))

    assert newer == demo_target.history_path.read_bytes()
    (kept,) = (demo_target.repository / ".git" / "aeef" / "kept").iterdir()
    assert older == kept.read_bytes()


def test_a_checkout_that_was_cut_short_is_finished(demo_target: Target) -> None:
    """Half the files switched, a stale index.lock: what git left is recognised as git's."""
    good, bad = _good_and_bad(demo_target)
    plan = choose_release(demo_target)
    point = "before tasks.target.repository.TargetRepository.checkout"
    killed_at(point, demo_target, plan, _home(demo_target))
    (demo_target.repository / "app.conf").write_text("status=")
    (demo_target.repository / ".git" / "index.lock").touch()

    deployed = deploy_release(demo_target, plan, home=_home(demo_target))

    assert (deployed.commit, deployed.previous) == (good, bad)
    assert git(demo_target.repository, "status", "--porcelain", "-uno") == ""


def test_a_change_made_after_a_kill_is_not_taken_for_gits(demo_target: Target) -> None:
    """A file that neither commit explains is somebody's work, and refuses."""
    plan = choose_release(demo_target)
    point = "before tasks.target.repository.TargetRepository.checkout"
    killed_at(point, demo_target, plan, _home(demo_target))
    (demo_target.repository / "app.conf").write_text("mine\n")

    with pytest.raises(DirtyWorkTree, match=r"these files .* were changed: app\.conf"):
        deploy_release(demo_target, plan, home=_home(demo_target))

    assert (demo_target.repository / "app.conf").read_text() == "mine\n"


def test_an_index_lock_that_is_not_ours_is_left(
    demo_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another git command's lock is named with what to do, and never removed."""
    monkeypatch.setattr("tasks.rollback.check_work_tree._LOCK_PATIENCE", 0.1)
    lock = demo_target.repository / ".git" / "index.lock"
    lock.touch()

    with pytest.raises(TargetError, match=f"when none runs, remove {lock}"):
        _roll_back(demo_target)

    assert lock.exists()


def test_git_that_gets_busy_in_between_changes_nothing(
    demo_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that appears after the look is not ours either."""
    lock = demo_target.repository / ".git" / "index.lock"
    monkeypatch.setattr("tasks.rollback.deploy_release.refuse_submodules", lambda *_: lock.touch())

    with pytest.raises(TargetError, match=r"^another git command works") as caught:
        _roll_back(demo_target)

    assert "checkout" == caught.value.stage
    assert lock.exists()
    assert not (demo_target.repository / ".git" / "aeef" / "rollback.json").exists()


def test_a_deploy_that_outlived_its_rollback_is_ended(demo_target: Target) -> None:
    """The orphan of a killed rollback does not deploy into the middle of the next one."""
    ran = demo_target.repository.parent / "ran"
    os.mkfifo(ran)
    target = _with_script(demo_target, "deploy", f"echo $$ > {ran}; exec sleep 1000")
    plan = choose_release(target)
    with started(target, plan, _home(target)) as process:
        orphan = int(ran.read_text())
        # It has begun; that it has is written down a moment later, and so is what it has become.
        wait_until(lambda: psutil.Process(orphan).name() == "sleep")
        wait_until((aeef_directory(target) / "running-command.json").exists)
        process.kill()
    lines: list[str] = []

    deploy_release(demo_target, plan, home=_home(target), report=lines.append)

    assert "ended 'sleep', which a killed rollback had left running" in lines
    assert gone(orphan)


def test_two_rollbacks_at_once_go_one_after_the_other(demo_target: Target) -> None:
    """The second waits, finds the work done, and deploys nothing."""
    log = demo_target.repository.parent / "log"
    target = _with_script(
        demo_target, "deploy", f'echo start >> {log}; ./deploy "$1"; echo end >> {log}'
    )
    plan = choose_release(target)

    processes = [started(target, plan, _home(target)) for _ in range(2)]
    results = [deployed_by(process) for process in processes]

    assert sorted(result.changed for result in results) == [False, True]
    assert log.read_text().split() == ["start", "end"]


def test_git_variables_that_point_elsewhere_are_refused(
    demo_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIT_DIR in the environment would roll back another repository."""
    monkeypatch.setenv("GIT_DIR", "/elsewhere")

    with pytest.raises(TargetError, match="GIT_DIR in the environment would send git elsewhere"):
        choose_release(demo_target)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to someone else")
def test_a_repository_of_another_user_is_explained(demo_target: Target) -> None:
    """Git refuses what someone else owns; the error says what to do."""
    for path in (demo_target.repository, demo_target.repository / ".git"):
        shutil.chown(path, "nobody")

    with pytest.raises(TargetError, match=r"safe\.directory"):
        choose_release(demo_target)


def test_plans_and_results_survive_json(demo_target: Target) -> None:
    """What a step keeps of its result is the result."""
    plan = choose_release(demo_target)
    deployed = deploy_release(demo_target, plan, home=_home(demo_target))

    assert plan == RollbackPlan.model_validate(plan.to_json())
    assert deployed == DeployedRelease.model_validate(deployed.to_json())
    assert sys.getsizeof(plan.model_dump_json()) < 2_000
