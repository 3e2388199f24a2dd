"""A rolled back Compose application counts as well when it has settled, not at a lucky look."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from samples.compose import both_composes
from samples.targets import ComposeSample, commit, git, prove, write_history
from schemas.errors import DeployFailed
from schemas.settings import Target
from support import wait_until
from tasks.deploy.check_health import look_once
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release

WORKER = (
    "  worker:\n    build: .\n    stop_grace_period: 0s\n    restart: {restart}\n"
    '    command: ["/bin/busybox", "sh", "-c", "{script}"]\n'
)


def _patient(target: Target, **changes: Any) -> Target:
    """The same target, with another health check."""
    return target.model_copy(update={"health": target.health.model_copy(update=changes)})


def _with(sample: ComposeSample, more: str, **files: str) -> str:
    """A good release with more in its compose file; the bad one is on top of it again."""
    text = (sample.path / "compose.yml").read_text()
    pages = {"www/health": '{"status": "ok"}', "www/version": "good"}
    good = commit(sample.path, {"compose.yml": text + more, **pages, **files}, "Good, and more")
    bad = commit(sample.path, {"compose.yml": text, "www/health": '{"status": "broken"}'}, "Bad")
    write_history(sample.target, (good, "healthy"), (bad, "failed"))
    prove(sample.target, good)
    return good


def _back(
    sample: ComposeSample, target: Target, report: Callable[[str], None] = lambda _: None
) -> None:
    home = sample.path.parent / "home"
    deploy_release(target, choose_release(target), home=home, report=report)


@pytest.mark.proves("SPEC-ROLLBACK-health")
@both_composes
def test_a_worker_that_keeps_crashing_is_no_success(compose_sample: ComposeSample) -> None:
    """The address answers well all the time; the failure has service, exit code and last lines."""
    crashes = WORKER.format(restart="always", script="sleep 0.3; echo no queue; exit 3")
    _with(compose_sample, crashes)
    # On a busy machine it takes long until Docker starts it again.
    target = _patient(compose_sample.target, settle=4, deadline=7)

    with pytest.raises(DeployFailed) as failed:
        _back(compose_sample, target)

    said = str(failed.value)
    assert "health" == failed.value.stage
    assert "service worker" in said
    assert "exit code 3" in said
    assert "no queue" in said
    assert "status 'broken'" in said, "what was put back was looked at, too"


def test_a_look_alone_sees_that_it_keeps_crashing(compose_sample: ComposeSample) -> None:
    """Also at a moment at which it runs: it was started again a moment ago."""
    crashes = WORKER.format(restart="always", script="sleep 1; echo no queue; exit 3")
    good = _with(compose_sample, crashes)
    git(compose_sample.path, "checkout", "--quiet", good)
    compose_sample.compose("up", "-d", "--build")
    wait_until(lambda: _runs_again(compose_sample.target))

    verdict = look_once(compose_sample.target)

    assert "service worker" in str(verdict.problem)
    assert "exit code 3" in str(verdict.problem)
    assert "no queue" in str(verdict.problem)


def _runs_again(target: Target) -> bool:
    label = f"com.docker.compose.project={target.compose_project}"
    with closing(docker.from_env()) as client:
        found = client.containers.list(filters={"label": label})
        return any(each.attrs["RestartCount"] and each.status == "running" for each in found)


def test_a_migration_that_has_ended_is_well(compose_sample: ComposeSample, tmp_path: Path) -> None:
    """It did its work; and a database that says `starting` is waited for."""
    gate = tmp_path / "gate"
    gate.mkdir()
    probe = (
        "    healthcheck:\n"
        '      test: ["CMD", "/bin/busybox", "test", "-f", "/gate/ready"]\n'
        f"      interval: 100ms\n      retries: 100000\n    volumes: [{gate}:/gate]\n"
    )
    database = WORKER.format(restart="always", script="sleep 10000")
    migrates = WORKER.format(restart='"no"', script="echo migrated")
    _with(
        compose_sample,
        migrates.replace("worker:", "migration:") + database.replace("worker:", "db:") + probe,
    )
    starting = "db runs, but its own healthcheck says 'starting'"
    lines: list[str] = []

    def report(line: str) -> None:
        lines.append(line)
        if starting in line:
            (gate / "ready").touch()

    _back(compose_sample, _patient(compose_sample.target, deadline=20.0), report)

    assert any(starting in line for line in lines)
    assert lines[-1].endswith("2 containers running, 1 ended with 0)")
    verdict = look_once(compose_sample.target)
    assert verdict.problem is None
    assert "answered 200 with status 'ok'; 2 containers running, 1 ended with 0" in verdict.said


def test_what_kept_crashing_before_is_put_back_too(compose_sample: ComposeSample) -> None:
    """It ran, as far as it could; the failure says what was seen of it, and is not made worse."""
    path, target = compose_sample.path, _patient(compose_sample.target, deadline=5.0)
    crashes = WORKER.format(restart="always", script="echo no queue; exit 3")
    sick = commit(path, {}, "Never gets healthy")
    prove(target, sick)
    commit(path, {"compose.yml": (path / "compose.yml").read_text() + crashes}, "Crashes")
    compose_sample.serve_bad()
    wait_until(lambda: "restarting" in _states(target))

    plan = choose_release(target, sick)
    with pytest.raises(DeployFailed) as failed:
        deploy_release(target, plan, home=path.parent / "home")

    said = str(failed.value)
    assert "was put back and runs, but is not healthy" in said
    assert said.count("service worker") == 1
    assert "exit code 3" in said
    assert len(_states(target)) == 2


def _states(target: Target) -> list[str]:
    label = f"com.docker.compose.project={target.compose_project}"
    with closing(docker.from_env()) as client:
        found = client.containers.list(filters={"label": label}, ignore_removed=True)
        return [each.status for each in found]


def test_nothing_ran_before_and_nothing_is_called_healthy(compose_release: ComposeSample) -> None:
    """What came up is stopped, and the failure says that nothing runs."""
    db = (
        "    depends_on: {db: {condition: service_healthy}}\n"
        "  db:\n    build: .\n    stop_grace_period: 0s\n"
        '    healthcheck: {test: ["CMD", "/bin/busybox", "false"], interval: 50ms, retries: 1}\n'
    )
    _with(compose_release, db)
    lines: list[str] = []

    with pytest.raises(DeployFailed) as failed:
        _back(compose_release, compose_release.target, lines.append)

    assert "recreate" == failed.value.stage
    assert "service db runs, but its own healthcheck says 'unhealthy'" in str(failed.value)
    assert "stopped db, which did not run before" in lines
    assert str(failed.value).endswith(
        "Nothing ran before, so there was nothing to put back. What runs now: nothing"
    )
