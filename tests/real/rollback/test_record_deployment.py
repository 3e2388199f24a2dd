"""`aeef record`: what a pipeline says of its deployment is looked at before it is written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import docker
import pytest

from samples.compose import both_composes
from samples.targets import ComposeSample, git
from schemas.errors import InvalidInput, TargetError
from schemas.release import Deployment, DeploymentStatus
from schemas.settings import Target
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release
from tasks.rollback.record_deployment import record_deployment
from tasks.target.release_files import read_history

DEPLOYING, HEALTHY, FAILED = DeploymentStatus


def _record(sample: ComposeSample, commit: str, status: DeploymentStatus) -> list[str]:
    notes: list[str] = []
    home = sample.path.parent / "home"
    record_deployment(sample.target, commit, status, home=home, report=notes.append)
    return notes


def _entries(target: Target, after: int = 2) -> list[Deployment]:
    return read_history(target).deployments[after:]


def _web_image(sample: ComposeSample) -> str:
    label = f"com.docker.compose.project={sample.target.compose_project}"
    with closing(docker.from_env()) as client:
        (web,) = client.containers.list(filters={"label": label})
        return str(web.attrs["Image"])


@both_composes
def test_a_deployment_that_ends_well_is_one_entry_with_what_runs(
    compose_release: ComposeSample,
) -> None:
    """`deploying` opens it, `healthy` completes it; it is refused while nothing runs."""
    sample, target = compose_release, compose_release.target
    git(sample.path, "checkout", "--quiet", sample.good)
    assert [] == _record(sample, sample.good[:12], DEPLOYING)
    (begun,) = _entries(target)
    assert (sample.good, "deploying", {}, None) == (
        begun.commit, begun.status, begun.images, begun.artefacts,
    )  # fmt: skip
    with pytest.raises(TargetError, match="service web has no container"):
        _record(sample, sample.good, HEALTHY)

    sample.serve_bad()  # starts what is checked out
    (note,) = _record(sample, sample.good, HEALTHY)
    assert note.startswith("healthy after ")

    (entry,) = _entries(target)
    seen = entry.artefacts
    assert seen
    assert ("healthy", begun.deployed_at) == (entry.status, entry.deployed_at)
    assert {"web": _web_image(sample)} == entry.images
    assert (["compose.yml"], [], target.compose_project) == (
        seen.compose_files, seen.profiles, seen.project,
    )  # fmt: skip
    assert ["web"] == list(seen.configuration)

    _record(sample, sample.good, HEALTHY)
    assert [entry.commit] * 2 == [each.commit for each in _entries(target)]


def test_an_unhealthy_release_is_not_recorded_as_healthy(compose_sample: ComposeSample) -> None:
    """The health check of the target decides, not the pipeline."""
    with pytest.raises(TargetError, match="status 'broken'"):
        _record(compose_sample, compose_sample.bad, HEALTHY)

    assert [] == _entries(compose_sample.target)


def test_what_a_rollback_has_started_is_not_another_commit(compose_sample: ComposeSample) -> None:
    """The labels of the containers say which commit runs."""
    target, home = compose_sample.target, compose_sample.path.parent / "home"
    deploy_release(target, choose_release(target), home=home)

    with pytest.raises(TargetError, match=f"labelled as {compose_sample.good[:12]}, not as"):
        _record(compose_sample, compose_sample.bad, HEALTHY)
    assert [] == _entries(target)


def test_a_failed_deployment_has_only_the_images_that_it_started(
    compose_sample: ComposeSample,
) -> None:
    """What ran before is not the failed release's, though it still runs."""
    target = compose_sample.target
    _record(compose_sample, compose_sample.bad, DEPLOYING)
    _record(compose_sample, compose_sample.bad, FAILED)
    _record(compose_sample, compose_sample.bad, DEPLOYING)
    compose_sample.compose("up", "-d", "--force-recreate")
    _record(compose_sample, compose_sample.bad, FAILED)

    first, second = _entries(target)
    assert ({}, {"web": _web_image(compose_sample)}) == (first.images, second.images)


def test_an_environment_is_a_history_of_its_own(demo_target: Target, tmp_path: Path) -> None:
    """`deploying` of one is not completed by another; a target's own environment is the default."""

    def record(status: DeploymentStatus, environment: str | None, of: str | None = None) -> None:
        target = demo_target.model_copy(update={"environment": of})
        record_deployment(target, head, status, home=tmp_path, environment=environment)

    head = git(demo_target.repository, "rev-parse", "HEAD")
    before = len(read_history(demo_target).deployments)
    record(DEPLOYING, "staging")
    record(FAILED, "production")
    record(FAILED, "staging")
    record(DEPLOYING, None, of="production")

    found = [(each.environment, each.status) for each in _entries(demo_target, before)]
    assert [("staging", "failed"), ("production", "failed"), ("production", "deploying")] == found
    of_staging = demo_target.model_copy(update={"environment": "staging"})
    assert "production" not in {each.environment for each in _entries(of_staging, 0)}
    with pytest.raises(TargetError, match="is environment production, not staging"):
        record(FAILED, "staging", of="production")


@pytest.mark.parametrize(
    ("commit", "error"),
    [("main", "is no commit id"), ("abcdef1", "is no commit in"), ("$(id)\n", "is no commit id")],
)
def test_a_commit_that_cannot_be_is_refused(
    demo_target: Target, tmp_path: Path, commit: str, error: str
) -> None:
    """A branch, an unknown abbreviation, anything else; the history stays as it is."""
    before = demo_target.history_path.read_bytes()

    with pytest.raises((InvalidInput, TargetError), match=error):
        record_deployment(demo_target, commit, FAILED, home=tmp_path)

    assert before == demo_target.history_path.read_bytes()
