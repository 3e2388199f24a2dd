"""A service whose image has a name that moves: what ran then is pinned, or it is no rollback."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from pathlib import Path

import docker
import pytest

from samples.compose import both_composes
from samples.targets import ComposeSample, commit, prove, write_history, write_json
from schemas.errors import DeployFailed, TargetError
from schemas.release import DeployedRelease
from standins.containers.image_registry import registry
from tasks.deploy.choose_deployer import deployer_for
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release
from tasks.rollback.record_rollback import record_rollback
from tasks.target.release_files import read_history

WHEN = datetime.fromisoformat("2026-02-01T00:00:00+00:00")


class Moving:
    """`image: name:${TAG:-latest}`; `latest`, which runs, is the bad release's."""

    def __init__(self, sample: ComposeSample) -> None:
        self.sample, self.target = sample, sample.target
        self.home = sample.path.parent / "home"
        name = f"aeef-test-{sample.target.compose_project}"
        text = (sample.path / "compose.yml").read_text()
        moving = text.replace("build: .", f'image: "{name}:${{TAG:-latest}}"')
        good = {"compose.yml": moving, "www/health": '{"status": "ok"}'}
        self.commits = (
            commit(sample.path, good),
            commit(sample.path, {"www/health": '{"status": "broken"}'}),
        )
        self.images = tuple(self._build(name, page) for page in ("ok", "broken"))
        write_history(self.target, *zip(self.commits, ("healthy", "failed"), strict=True))
        prove(self.target, self.commits[0])

    def _build(self, name: str, status: str) -> str:
        (self.sample.path / "www/health").write_text(f'{{"status": "{status}"}}')
        with closing(docker.from_env()) as client:
            image, _ = client.images.build(path=str(self.sample.path), tag=name, rm=True)
            image.tag(name, f"version-{status}")
            return str(image.id)

    def record_images(self) -> None:
        """As the pipeline of the case did."""
        write_json(
            self.target.history_path,
            {
                "deployments": [
                    {"commit": sha, "status": status, "timestamp": when, "images": {"web": image}}
                    for sha, image, status, when in zip(
                        self.commits,
                        self.images,
                        ("healthy", "failed"),
                        ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
                        strict=True,
                    )
                ]
            },
        )

    def runs(self) -> str:
        """The image of the container."""
        label = f"com.docker.compose.project={self.target.compose_project}"
        with closing(docker.from_env()) as client:
            (web,) = client.containers.list(filters={"label": label})
            return str(web.attrs["Image"])

    def foreseen(self) -> list[str]:
        """What the dry run and doctor say."""
        with closing(deployer_for(self.target, self.home)) as deployer:
            return deployer.foresee(choose_release(self.target))

    def roll_back(self) -> DeployedRelease:
        """Roll back and record it."""
        plan = choose_release(self.target)
        done = deploy_release(self.target, plan, home=self.home)
        record_rollback(self.target, plan, done, incident_id=None, rollback_id="1", at=WHEN)
        return done


@pytest.fixture
def moving(compose_release: ComposeSample) -> Moving:
    """The application, whose bad release runs."""
    found = Moving(compose_release)
    compose_release.serve_bad()
    return found


@both_composes
def test_the_image_on_record_runs_whatever_its_name_means_now(moving: Moving) -> None:
    """It is verified, and the history never says that the good commit has another image."""
    moving.record_images()
    assert [] == moving.foreseen()
    assert moving.images[1] == moving.runs()

    moving.roll_back()

    assert moving.images[0] == moving.runs()
    images = [each.images["web"] for each in read_history(moving.target).deployments]
    assert [*moving.images, moving.images[0]] == images


def test_without_a_record_the_same_image_is_no_rollback(moving: Moving) -> None:
    """It fails, what ran is put back, and nothing is written; the dry run names it by day."""
    before = moving.target.history_path.read_bytes()
    (remark,) = moving.foreseen()
    assert remark.startswith(f"names that can move: web (aeef-test-{moving.target.compose_project}")

    with pytest.raises(
        DeployFailed, match="nothing has changed, so this is no rollback: web"
    ) as no:
        moving.roll_back()

    assert "compare" == no.value.stage
    assert moving.images[1] == moving.runs()
    assert before == moving.target.history_path.read_bytes()


def test_a_configuration_alone_makes_a_release(moving: Moving) -> None:
    """The image is the same and not on record, but the environment goes back: a rollback, and
    the history gets no image that nobody has seen at that release.
    """
    sample = moving.sample
    text = (sample.path / "compose.yml").read_text() + "    environment: {MODE: wrong}\n"
    (sample.path / "www/health").write_text('{"status": "broken"}')
    wrong = commit(sample.path, {"compose.yml": text})
    write_history(moving.target, (moving.commits[0], "healthy"), (wrong, "failed"))
    sample.compose("up", "-d")

    target = moving.target.model_copy(update={"health": _always(moving)})
    plan = choose_release(target)
    done = deploy_release(target, plan, home=moving.home)

    assert done.changed
    assert {} == done.images
    assert ["the image of web is what its name means now: the history does not have the one that"
            " ran then"] == done.remarks  # fmt: skip


def test_another_project_of_the_same_file_is_named(moving: Moving) -> None:
    """It runs, but as a project that the settings do not name: nothing is started beside it."""
    other = f"{moving.target.compose_project}-x"
    target = moving.target.model_copy(update={"compose_project": other})

    with pytest.raises(TargetError, match=f'set compose_project = "{other[:-2]}" in'):
        deploy_release(target, choose_release(target), home=moving.home)
    assert moving.images[1] == moving.runs()


def test_what_failed_to_come_up_is_stopped_where_nothing_ran(
    compose_release: ComposeSample, tmp_path: Path
) -> None:
    """The database came up and the web server did not: it is stopped, and called what it is."""
    text = (compose_release.path / "compose.yml").read_text() + (
        "    depends_on: {db: {condition: service_healthy}}\n"
        "  db:\n    build: .\n    stop_grace_period: 0s\n"
        '    healthcheck: {test: ["CMD", "/bin/busybox", "false"], interval: 50ms, retries: 1}\n'
    )
    sick = commit(compose_release.path, {"compose.yml": text})
    prove(compose_release.target, sick)
    lines: list[str] = []

    with pytest.raises(DeployFailed):
        deploy_release(
            compose_release.target,
            choose_release(compose_release.target, sick),
            home=tmp_path / "home",
            report=lines.append,
        )

    assert "stopped db, which did not run before" in lines
    assert not any("does not have" in line for line in lines)


def _always(moving: Moving) -> object:
    return moving.target.health.model_copy(update={"url": None, "command": ("true",)})


def test_an_image_that_is_gone_is_pulled_by_its_digest(moving: Moving) -> None:
    """It is the same image again; what the registry does not have either is an error."""
    moving.record_images()
    wanted = moving.images[0]
    with registry() as server:
        digest = server.keep(wanted, "shop")
        history = json.loads(moving.target.history_path.read_text())
        history["deployments"][0]["artefacts"] = {"digests": {"web": digest}}
        write_json(moving.target.history_path, history)
        with closing(docker.from_env()) as client:
            client.images.remove(wanted, force=True)
        kept, server.found = server.found, {}

        with pytest.raises(DeployFailed, match=f"{digest} cannot be pulled") as no:
            moving.roll_back()
        assert "find image" == no.value.stage
        assert moving.images[1] == moving.runs()

        server.found = kept
        moving.roll_back()

    assert wanted == moving.runs()
