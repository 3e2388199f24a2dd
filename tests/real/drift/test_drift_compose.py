"""Drift of a Compose application, on the real Docker and in a real repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import docker
import pytest

from samples.compose import Compose, ComposeFailed, both_composes
from samples.drift import CONFIG, SECRET, DriftSample
from samples.targets import git, write_json
from schemas.drift import Impact
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release

Apps = dict[Compose, DriftSample]


@pytest.fixture(scope="module")
def _apps() -> Iterator[Apps]:
    """One application for each kind of Compose."""
    apps: Apps = {}
    yield apps
    for each in apps.values():
        each.down()


@pytest.fixture
def app_in_use(
    _apps: Apps, compose: Compose, tmp_path_factory: pytest.TempPathFactory
) -> DriftSample:
    """The application, as the test before has left it."""
    if compose not in _apps:
        _apps[compose] = DriftSample(tmp_path_factory.mktemp("drift"), compose)
        _apps[compose].start()
    return _apps[compose]


@pytest.fixture
def app(app_in_use: DriftSample) -> DriftSample:
    """The application, as committed; a test may change what runs."""
    app_in_use.as_committed()
    return app_in_use


@both_composes
def test_what_runs_as_committed_has_not_drifted(app: DriftSample) -> None:
    """Nothing differs, also with a `$` in a value, an anonymous volume, and a secret file."""
    report = app.assess()

    assert ("none", ()) == (report.status, report.differences)
    lent = "local.env: it is not committed, and is taken from the work tree"
    assert (lent,) == report.not_compared
    assert report.compared > 25
    assert app.commit == report.commit


@pytest.mark.parametrize(
    ("change", "path", "impact"),
    [
        ({"environment": {"LOG_LEVEL": "debug"}}, "web.environment.LOG_LEVEL", "medium"),
        ({"environment": {"LD_PRELOAD": "/x.so"}}, "web.environment.LD_PRELOAD", "critical"),
        ({"cap_add": ["SYS_ADMIN"]}, "web.privileges.capability SYS_ADMIN", "critical"),
        ({"pid": "host"}, "web.privileges.pid namespace of host", "critical"),
        ({"user": "7"}, "web.user", "critical"),
        ({"read_only": True}, "web.restrictions.read-only file system", "medium"),
        ({"command": ["/bin/busybox", "sleep", "9"]}, "web.command", "high"),
        ({"ports": ["127.0.0.1::9000"]}, "web.ports.9000/tcp", "high"),
        ({"volumes": ["/etc:/host"]}, "web.mounts./host", "high"),
        ({"restart": "always"}, "web.restart", "medium"),
        ({"mem_limit": "64m"}, "web.limits.memory", "medium"),
        ({"healthcheck": {"test": ["CMD", "/bin/busybox"]}}, "web.healthcheck", "medium"),
        ({"labels": {"team": "other"}}, "web.labels.team", "low"),
    ],
)
def test_each_kind_of_change_is_found_with_its_impact(
    app_in_use: DriftSample, change: dict[str, Any], path: str, impact: str
) -> None:
    """One setting was changed by hand: exactly that difference is reported, and whom it hits."""
    app_in_use.change_web(change)

    found = app_in_use.differences()

    assert {path: impact} == {where: each.impact for where, each in found.items()}
    assert ("web",) == found[path].affects


def test_a_privileged_container_is_critical_even_when_it_cannot_start(
    app_in_use: DriftSample,
) -> None:
    """What a container that does not run was made with is compared too."""
    with suppress(ComposeFailed):  # not every machine lets one start
        app_in_use.change_web({"privileged": True})

    found = app_in_use.differences()

    assert Impact.CRITICAL == found["web.privileges.privileged"].impact
    assert {"web.privileges.privileged", "web.replicas"} >= set(found)


def test_a_secret_appears_nowhere_in_the_report(app_in_use: DriftSample) -> None:
    """Values are compared by their hashes, which differ from one installation to the next."""
    app = app_in_use
    changes = {"environment": {"PASSWORD": "another-secret"}, "labels": {"api-token": SECRET}}
    app.change_web(changes)

    report = app.assess()

    text = report.model_dump_json() + report.text()
    for value in (SECRET, "another-secret", "secret-of-the-machine"):
        assert value not in text
    paths = [each.path for each in report.differences]
    assert ["web.environment.PASSWORD", "web.labels.api-token"] == paths
    salt = app.settings.home / "drift.salt"
    assert 0o600 == salt.stat().st_mode & 0o777


def test_another_image_is_critical_and_hits_the_dependants(app: DriftSample) -> None:
    """`db` runs an image that the release does not have: `web` needs it."""
    (app.path / "Dockerfile").write_text((app.path / "Dockerfile").read_text() + "ENV X=1\n")
    try:
        app.compose("up", "-d", "--build")
        found = app.differences()
    finally:
        git(app.path, "checkout", "--", "Dockerfile")
        app.compose("build")

    assert {"web.image", "db.image"} <= set(found)
    assert Impact.CRITICAL == found["db.image"].impact
    assert ("db", "web") == found["db.image"].affects


def test_an_image_that_no_record_names_is_told(app: DriftSample) -> None:
    """Without `images` in the history, the report says what was not compared, and why."""
    entry = {"commit": app.commit, "status": "healthy", "deployedAt": "2026-01-03T00:00:00Z"}
    write_json(app.target.history_path, {"deployments": [entry]})
    try:
        report = app.assess()
    finally:
        app.record()

    assert () == report.differences
    (*_, note) = report.not_compared
    assert "the image of db, web: the history does not record it in `images`" in note


def test_a_stopped_service_and_a_missing_replica_are_found(app: DriftSample) -> None:
    """No container of `db` runs: one difference, and it is critical."""
    db = next(each["id"] for each in app.containers() if each["service"] == "db")
    with closing(docker.from_env()) as client:
        client.containers.get(db).kill()

    found = app.differences()

    assert ["db.replicas"] == list(found)
    assert ("1", "0", Impact.CRITICAL) == (
        found["db.replicas"].baseline, found["db.replicas"].actual, found["db.replicas"].impact,
    )  # fmt: skip


def test_one_replica_too_many_is_found(app: DriftSample) -> None:
    """Two containers of `db` run where one should."""
    app.compose("up", "-d", "--scale", "db=2")

    found = app.differences()

    assert {"db.replicas": ("1", "2")} == {p: (d.baseline, d.actual) for p, d in found.items()}


@both_composes
def test_containers_that_should_not_exist_are_found(app: DriftSample) -> None:
    """A service of an uncommitted file, and a stranger in the project's network."""
    image = app.containers()[0]["image"]
    sleep = ["/bin/busybox", "sleep", "3600"]
    miner = {"image": image, "command": sleep, "stop_grace_period": "0s"}
    app.compose("up", "-d", services={"miner": miner})
    network = f"{app.target.compose_project}_default"
    with closing(docker.from_env()) as client:
        stranger = client.containers.run(image, sleep, detach=True, network=network)
        try:
            found = app.differences()
            name = stranger.name
        finally:
            stranger.remove(force=True)

    assert {"container"} == {each.field for each in found.values()}
    assert {"added"} == {each.change for each in found.values()}
    assert name in {each.subject for each in found.values()}
    assert any("miner" in each.subject for each in found.values())
    assert 2 == len(found)


def test_a_configured_file_is_compared_by_key(app: DriftSample) -> None:
    """One key was edited in the work tree: its path is reported, but not its value."""
    file = app.path / "config/app.yaml"
    file.write_text(CONFIG.replace("info", "debug").replace("first-secret", "second-secret"))
    try:
        report = app.assess()
    finally:
        file.write_text(CONFIG)

    file_path = "config/app.yaml.content."
    paths = [each.path for each in report.differences]
    assert [f"{file_path}database.password", f"{file_path}log.level"] == paths
    assert {("config/app.yaml", "web")} == {each.affects for each in report.differences}
    assert "secret" not in report.model_dump_json()


def test_the_work_tree_stays_as_it_is(app: DriftSample) -> None:
    """Another commit and local changes are there: an assessment neither minds nor touches them."""
    (app.path / "www/version").write_text("edited")
    before = (git(app.path, "status", "--porcelain"), git(app.path, "worktree", "list"))
    try:
        report = app.assess()
        after = (git(app.path, "status", "--porcelain"), git(app.path, "worktree", "list"))
    finally:
        git(app.path, "checkout", "--", "www/version")

    assert "none" == report.status
    assert before == after


@both_composes
def test_restoring_the_release_ends_the_drift(app: DriftSample) -> None:
    """Its commit runs already, and is still deployed again; without `recreate` it is not."""
    app.sample.compose("up", "-d", "--force-recreate")  # with its own file alone
    app.edit_and_undo("LOG_LEVEL: info", "LOG_LEVEL: debug")
    assert "drift" == app.assess().status
    plan = choose_release(app.target, app.commit)

    recreate = plan.model_copy(update={"recreate": True})
    deployed = deploy_release(app.target, recreate, home=app.settings.home)

    assert (app.commit, True) == (deployed.commit, deployed.changed)
    report = app.assess()
    assert ("none", ()) == (report.status, report.differences)
    ids = {each["id"] for each in app.containers()}
    assert not deploy_release(app.target, plan, home=app.settings.home).changed
    assert ids == {each["id"] for each in app.containers()}


def test_when_docker_does_not_answer_that_is_no_proof(
    app: DriftSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unreadable is neither "no drift" nor drift."""
    monkeypatch.setitem(os.environ, "DOCKER_HOST", "tcp://127.0.0.1:9")

    report = app.assess()

    assert ("unknown", ()) == (report.status, report.differences)
    (unreadable,) = report.unreadable
    assert "Docker: at tcp://127.0.0.1:9" in unreadable


def test_a_broken_compose_file_is_no_proof_either(app: DriftSample, tmp_path: Path) -> None:
    """The last known good commit has no compose file of that name."""
    target = app.target.model_copy(update={"compose_file": "missing.yml"})
    app_without = app.__class__.__new__(app.__class__)
    app_without.target, app_without.settings = target, app.settings

    report = app_without.assess()

    assert "unknown" == report.status
    assert "missing.yml" in report.headline
