"""A realistic Compose application goes back: every container is what it was, or it says why not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from samples.application import Application
from samples.compose import Compose, both_composes
from samples.targets import git
from schemas.errors import DeployFailed, TargetError
from schemas.model import utc_now
from schemas.release import DeployedRelease, DeploymentStatus
from schemas.settings import Settings
from tasks.deploy.choose_deployer import deployer_for
from tasks.drift.assess_drift import assess
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release
from tasks.rollback.record_rollback import record_rollback
from tasks.target.release_files import read_history


@pytest.fixture
def application(tmp_path: Path, compose: Compose) -> Iterator[Application]:
    """The application, of which nothing runs."""
    made = Application(tmp_path, compose)
    try:
        yield made
    finally:
        made.down()


def _roll_back(application: Application) -> DeployedRelease:
    plan = choose_release(application.target)
    deployed = deploy_release(application.target, plan, home=application.home)
    record_rollback(
        application.target, plan, deployed, incident_id=None, rollback_id="r", at=utc_now()
    )
    return deployed


@both_composes
def test_every_container_is_what_it_was_at_the_good_release(application: Application) -> None:
    """Images, configuration, override, secrets, volumes, ports, replicas; and drift says none."""
    target = application.target
    before = application.deploy_both()
    application.run("--profile", "debug", "up", "-d", "--no-deps", "debug")
    assert before != application.containers()

    deployed = _roll_back(application)

    after = application.containers()
    assert "running" == after.pop("debug")[0]["state"]
    assert "exited" == after.pop("extra")[0]["state"]
    assert before == after
    assert ["debug left as it was: its profile is not active"] == deployed.remarks
    first, *_, last = read_history(target).deployments
    assert first.images == last.images == deployed.images
    assert first.artefacts == last.artefacts

    application.run("--profile", "debug", "rm", "-fs", "debug")
    report = assess(target, Settings(home=application.home, targets={target.name: target}))
    assert "none" == report.status, report.text()


def test_an_image_that_is_gone_stops_it_before_anything_is_replaced(
    application: Application,
) -> None:
    """The proxy's image of the good release was removed: the error names it, and what to do."""
    application.deploy_both()
    ran = application.containers()
    gone = read_history(application.target).deployments[0].images["proxy"]
    with closing(docker.from_env()) as client:
        client.images.remove(gone, force=True)

    plan = choose_release(application.target)
    with closing(deployer_for(application.target, application.home)) as deployer:
        (remark,) = deployer.foresee(plan)
    assert f"the image {gone[:19]} of proxy is not here any more: a rollback would stop there" == (
        remark
    )
    with pytest.raises(DeployFailed, match=f"(?s)image {gone} of service proxy.*not touched") as no:
        _roll_back(application)

    assert "find image" == no.value.stage
    assert ran == application.containers()
    assert git(application.path, "rev-parse", "HEAD") == application.bad


def test_a_changed_environment_file_is_said(application: Application) -> None:
    """The rollback works, and says that the workers' configuration is not the recorded one."""
    application.deploy_both()
    (application.path / ".env").write_text("QUEUE=slow\n")

    remarks = _roll_back(application).remarks

    assert 1 == len(remarks)
    assert remarks[0].startswith("the configuration of worker is not the one recorded")


def test_what_was_started_with_other_files_is_not_replaced(application: Application) -> None:
    """Both lists are in the error, and what to set; with that set the rollback works."""
    application.deploy(application.good, "-f", "docker-compose.yml")
    application.record(application.good, DeploymentStatus.HEALTHY)
    before = application.containers()
    application.deploy(application.bad, "-f", "docker-compose.yml")
    ran = application.containers()

    with pytest.raises(
        TargetError,
        match=r"started with docker-compose.yml, but AEEF would use docker-compose.yml and"
        r' docker-compose.override.yml.*set compose_file = \["docker-compose.yml"\]',
    ):
        _roll_back(application)
    assert ran == application.containers()

    application.target = application.target.model_copy(
        update={"compose_file": ("docker-compose.yml",)}
    )
    _roll_back(application)
    after = application.containers()
    del after["extra"]
    assert before == after
