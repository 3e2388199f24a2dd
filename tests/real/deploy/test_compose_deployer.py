"""Rolling back a Docker Compose application, on the real Docker."""

from __future__ import annotations

from contextlib import closing

import docker
import httpx
import pytest

from processes.rollback_process import killed_at
from samples.compose import both_composes
from samples.targets import ComposeSample, commit, git, prove, write_history, write_json
from schemas.errors import DeployFailed, TargetError
from schemas.release import DeployedRelease
from schemas.settings import Target
from support import free_port
from tasks.deploy.compose.command import image_tag
from tasks.deploy.running_commit import running_commit
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release


def _roll_back(
    sample: ComposeSample, lines: list[str] | None = None, to_commit: str | None = None
) -> DeployedRelease:
    plan = choose_release(sample.target, to_commit)
    told = [] if lines is None else lines
    return deploy_release(sample.target, plan, home=sample.path.parent / "home", report=told.append)


def _impatient(target: Target) -> Target:
    """The same target, with a deadline of one second."""
    return target.model_copy(update={"health": target.health.model_copy(update={"deadline": 1.0})})


def _version(sample: ComposeSample) -> str:
    return httpx.get(f"{sample.url}/version", trust_env=False).text


def _image_of(sample: ComposeSample, service: str = "web") -> str:
    label = f"com.docker.compose.service={service}"
    project = f"com.docker.compose.project={sample.target.compose_project}"
    with closing(docker.from_env()) as client:
        (container,) = client.containers.list(filters={"label": [label, project]})
        return str(container.attrs["Image"])


def _container_ids(sample: ComposeSample) -> set[str]:
    project = f"com.docker.compose.project={sample.target.compose_project}"
    with closing(docker.from_env()) as client:
        return {str(c.id) for c in client.containers.list(filters={"label": project})}


@pytest.mark.proves("SPEC-ROLLBACK-execute")
@both_composes
def test_the_good_release_serves_after_a_rollback(compose_sample: ComposeSample) -> None:
    """The bad release is replaced by the last known good one, built from its commit."""
    assert _version(compose_sample) == "bad"
    lines: list[str] = []

    deployed = _roll_back(compose_sample, lines)

    assert _version(compose_sample) == "good"
    assert deployed.changed
    assert deployed.commit == compose_sample.good
    assert deployed.previous == compose_sample.bad
    assert deployed.images == {"web": _image_of(compose_sample)}
    assert any(line.startswith("built web") for line in lines)
    assert running_commit(compose_sample.target) == compose_sample.good


def test_an_image_that_is_on_the_machine_is_reused(compose_sample: ComposeSample) -> None:
    """Going back to a commit a second time builds nothing."""
    first = _roll_back(compose_sample)
    git(compose_sample.path, "checkout", "--quiet", "main")
    compose_sample.serve_bad()
    lines: list[str] = []

    second = _roll_back(compose_sample, lines)

    assert _version(compose_sample) == "good"
    assert second.images == first.images
    assert any(line.startswith("reusing image") for line in lines)
    assert not any(line.startswith("built") for line in lines)


def test_an_image_that_the_history_knows_is_reused(compose_sample: ComposeSample) -> None:
    """The image that ran healthy, by its id in the history, is used instead of a new build."""
    image = _image_of(compose_sample)
    entry = {
        "commit": compose_sample.good,
        "status": "healthy",
        "deployedAt": "2026-01-01T00:00:00Z",
        "images": {"web": image},
    }
    bad = {"commit": compose_sample.bad, "status": "failed", "deployedAt": "2026-01-02T00:00:00Z"}
    write_json(compose_sample.target.history_path, {"deployments": [entry, bad]})
    target = _impatient(compose_sample.target)
    plan = choose_release(target)

    assert plan.images == {"web": image}
    # It is really the bad image: that it is used shows in the health check.
    with pytest.raises(DeployFailed, match="status 'broken'"):
        deploy_release(target, plan, home=compose_sample.path.parent / "home")


def test_a_healthy_release_is_left_alone(compose_sample: ComposeSample) -> None:
    """A second rollback to what runs healthy recreates no container."""
    plan = choose_release(compose_sample.target)
    home = compose_sample.path.parent / "home"
    deploy_release(compose_sample.target, plan, home=home)
    before = _container_ids(compose_sample)

    again = deploy_release(compose_sample.target, plan, home=home)

    assert not again.changed
    assert before == _container_ids(compose_sample)


@both_composes
def test_a_failed_build_leaves_what_runs(compose_sample: ComposeSample) -> None:
    """When the image cannot be built, the old containers were never touched."""
    (compose_sample.path / "Dockerfile").write_text("FROM scratch\nCOPY not-there /\n")
    broken = commit(compose_sample.path, {}, "Cannot be built")
    prove(compose_sample.target, broken)
    git(compose_sample.path, "reset", "--quiet", "--keep", compose_sample.bad)
    before = _container_ids(compose_sample)

    with pytest.raises(
        DeployFailed,
        match=r"(?s)^'docker.compose build web' ended.*not-there.*not touched",
    ) as caught:
        _roll_back(compose_sample, to_commit=broken)

    assert "build" == caught.value.stage
    assert before == _container_ids(compose_sample)
    assert git(compose_sample.path, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert git(compose_sample.path, "rev-parse", "HEAD") == compose_sample.bad


@both_composes
def test_an_unhealthy_release_is_replaced_by_what_ran(compose_sample: ComposeSample) -> None:
    """When the new release does not get healthy, the old images run again and are healthy."""
    _roll_back(compose_sample)
    good_image = _image_of(compose_sample)
    target = _impatient(compose_sample.target)
    plan = choose_release(target, compose_sample.bad)

    with pytest.raises(
        DeployFailed, match=r"(?s)good answers.*status 'broken'.*put back.*is healthy"
    ):
        deploy_release(target, plan, home=compose_sample.path.parent / "home")

    assert _version(compose_sample) == "good"
    assert good_image == _image_of(compose_sample)
    assert running_commit(target) == compose_sample.good
    assert git(compose_sample.path, "rev-parse", "HEAD") == compose_sample.good


@both_composes
def test_a_service_that_shares_the_image_goes_back_too(compose_sample: ComposeSample) -> None:
    """A second service that names the built image does not stay on the bad one."""
    path, project = compose_sample.path, compose_sample.target.compose_project
    text = (path / "compose.yml").read_text()
    shared = text.replace("build: .", f"build: .\n    image: {project}-app") + (
        f"  worker:\n    image: {project}-app\n    stop_grace_period: 0s\n"
        '    command: ["/bin/busybox", "sleep", "100000"]\n'
    )
    good = commit(path, {"compose.yml": shared, "www/health": '{"status": "ok"}'})
    bad = commit(path, {"www/health": '{"status": "broken"}'})
    write_history(compose_sample.target, (good, "healthy"), (bad, "failed"))
    prove(compose_sample.target, good)
    compose_sample.serve_bad()

    deployed = _roll_back(compose_sample)

    assert deployed.images["web"] == deployed.images["worker"]
    assert deployed.images["worker"] == _image_of(compose_sample, "worker")


@both_composes
def test_a_service_that_only_the_bad_release_has_is_stopped(compose_sample: ComposeSample) -> None:
    """What the bad release added does not keep running, but is not removed either."""
    text = (compose_sample.path / "compose.yml").read_text()
    extra = text + (
        "  extra:\n    build: .\n    stop_grace_period: 0s\n"
        '    command: ["/bin/busybox", "sleep", "100000"]\n'
    )
    bad = commit(compose_sample.path, {"compose.yml": extra})
    write_history(compose_sample.target, (compose_sample.good, "healthy"), (bad, "failed"))
    compose_sample.serve_bad()
    lines: list[str] = []

    _roll_back(compose_sample, lines)

    assert "stopped extra, which this release does not have" in lines
    assert len(_container_ids(compose_sample)) == 1


def test_without_docker_nothing_is_changed(
    compose_release: ComposeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Docker that does not answer is an error before the work tree is touched."""
    plan = choose_release(compose_release.target)
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")

    with pytest.raises(TargetError, match=r"Docker is not reachable at tcp://127.0.0.1"):
        deploy_release(compose_release.target, plan, home=compose_release.path.parent / "home")

    assert git(compose_release.path, "rev-parse", "HEAD") == compose_release.bad


def test_a_dry_run_without_docker_uses_the_history(
    compose_release: ComposeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Choosing needs no Docker: the newest deployment of the history is the failing one."""
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")

    plan = choose_release(compose_release.target)

    assert plan.to_commit == compose_release.good
    assert plan.from_commit == compose_release.bad


def test_image_tags_are_valid_for_every_service_name() -> None:
    """Docker allows less in image names than Compose in service names; no two names collide."""
    tags = {image_tag("shop", name, "3f2a") for name in ("web", "Web", "we_b", "we.b", "web-")}

    assert len(tags) == 5
    assert all(tag == tag.lower() and "-:" not in tag for tag in tags)


@both_composes
def test_a_dependency_that_gets_unhealthy_ends_in_what_ran(compose_sample: ComposeSample) -> None:
    """Compose waits for `service_healthy` in vain: the error says so, and the old release runs."""
    path, target = compose_sample.path, _impatient(compose_sample.target)
    text = (path / "compose.yml").read_text()
    waits = text + (
        "    depends_on: {db: {condition: service_healthy}}\n"
        "  db:\n    build: .\n    stop_grace_period: 0s\n"
        '    healthcheck: {test: ["CMD", "/bin/busybox", "false"], interval: 50ms, retries: 1}\n'
    )
    sick = commit(path, {"compose.yml": waits, "www/health": '{"status": "ok"}'})
    prove(target, sick)
    git(path, "reset", "--quiet", "--keep", compose_sample.bad)

    with pytest.raises(DeployFailed, match=r"(?s)unhealthy.*was put back and runs") as failed:
        deploy_release(target, choose_release(target, sick), home=path.parent / "home")

    assert "recreate" == failed.value.stage
    assert _version(compose_sample) == "bad"
    assert len(_container_ids(compose_sample)) == 1


@pytest.mark.parametrize(
    "point",
    [
        "before tasks.deploy.compose.deployer.ComposeDeployer.prepare",
        "before tasks.deploy.compose.deployer.ComposeDeployer.start",
        "before tasks.deploy.compose.deployer.ComposeDeployer.verify",
        "before tasks.rollback.deploy_release.wait_until_healthy",
    ],
)
def test_a_killed_rollback_is_completed_by_the_next(
    compose_sample: ComposeSample, point: str
) -> None:
    """After kill -9 at any stage the same call finishes the rollback."""
    target = compose_sample.target
    plan = choose_release(target)
    home = compose_sample.path.parent / "home"
    killed_at(point, target, plan, home)

    deployed = deploy_release(target, plan, home=home)

    assert deployed.commit == compose_sample.good
    assert deployed.previous == compose_sample.bad
    assert _version(compose_sample) == "good"
    assert _image_of(compose_sample) == deployed.images["web"]
