"""How a compose file is rendered, and by which Compose; with v2 and 1.x."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from samples.compose import Compose, both_composes
from samples.targets import new_repository
from schemas.errors import TargetError
from schemas.settings import Health, Target
from tasks.deploy.compose.command import ComposeCommand

Made = Callable[..., ComposeCommand]

COMPOSE_FILE = """\
services:
  web: {image: web, depends_on: [db]}
  db: {image: db, scale: 2}
  trace: {image: trace, profiles: [debug, support]}
"""


@pytest.fixture
def made(tmp_path: Path, compose: Compose) -> Made:
    """Makes a command for a target with these settings."""
    path = new_repository(tmp_path / "My.Shop")
    (path / "compose.yml").write_text(COMPOSE_FILE)

    def make(**settings: object) -> ComposeCommand:
        table = {
            "name": "shop",
            "repository": path,
            "compose_file": "compose.yml",
            "compose_command": compose,
            "health": Health(command=("true",)),
            "required_gates": ("tests",),
        }
        return ComposeCommand(Target.model_validate(table | settings), tmp_path / "home")

    return make


@both_composes
def test_a_service_of_an_inactive_profile_is_not_deployed(made: Made) -> None:
    """Compose would not start it, so it need not run."""
    services = made().services()

    assert {"web": 1, "db": 2} == {name: each.replicas for name, each in services.items()}


@both_composes
@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_service_of_an_active_profile_is_deployed(
    made: Made, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COMPOSE_PROFILES, where Compose itself looks for it."""
    command = made()
    if place == ".env":
        (command.file.parent / ".env").write_text("COMPOSE_PROFILES=other,support\n")
    else:
        monkeypatch.setenv("COMPOSE_PROFILES", "debug")

    assert {"web", "db", "trace"} == command.services().keys()


@both_composes
def test_a_service_that_is_named_needs_no_profile(made: Made) -> None:
    """Naming it on the command line starts it; one that is nowhere is an error that names it."""
    assert ["trace"] == list(made(compose_services=("trace",)).services())
    with pytest.raises(TargetError, match="has no service till"):
        made(compose_services=("web", "till")).services()


@both_composes
def test_the_project_is_named_as_compose_names_it(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the folder, `.env`, the environment, or as configured: in small letters."""
    command = made()
    assert "myshop" == command.project()
    (command.file.parent / ".env").write_text("COMPOSE_PROJECT_NAME=from-file\n")
    assert "from-file" == made().project()
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "from-environment")
    assert "from-environment" == made().project()

    configured = made(compose_project="My.Shop")
    assert "myshop" == configured.project()
    assert {"web", "db"} == configured.config(configured.project())["services"].keys()


@both_composes
def test_a_compose_file_that_compose_refuses_is_an_error(made: Made) -> None:
    """In Compose's own words, after the name of the command."""
    command = made()
    command.file.write_text("services: {web: {imagine: x}}\n")

    with pytest.raises(TargetError, match=r"(?s)'docker.compose config' ended.*imagine"):
        command.config()


def test_v2_is_preferred_and_1_x_is_used_where_only_that_is(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`docker compose`, as long as it answers."""
    used, path = tmp_path / "used", os.environ["PATH"]
    works = f'echo "$@" >> {used}\nexec {shutil.which("docker")} "$@"'
    monkeypatch.setenv("PATH", f"{_programs(tmp_path / 'v2', docker=works)}:{path}")
    made(compose_command=()).config()
    made(compose_command=()).config()
    asked = [line.split()[:2] for line in used.read_text().splitlines()]
    assert [["compose", "version"], ["compose", "-f"], ["compose", "-f"]] == asked

    old = f'echo "1.x $@" > {used}\necho "services: {{}}"'
    programs = _programs(tmp_path / "v1", **{"docker": "exit 1", "docker-compose": old})
    monkeypatch.setenv("PATH", f"{programs}:{path}")
    made(compose_command=()).config()
    assert used.read_text().startswith("1.x -f ")


def test_a_configured_command_that_does_not_work_is_an_error(made: Made) -> None:
    """The error names the key to correct; no other Compose is tried."""
    for compose in (("docker", "no-such-thing"), ("no-such-program",)):
        with pytest.raises(TargetError, match=r"put right compose_command in \[targets.shop\]"):
            made(compose_command=compose).find()


def test_a_path_may_be_configured(made: Made) -> None:
    """As one word of the command."""
    program = str(shutil.which("docker"))
    assert {"web", "db"} == made(compose_command=(program, "compose")).config()["services"].keys()


def _programs(folder: Path, **scripts: str) -> Path:
    """A folder with these programs."""
    folder.mkdir()
    for name, script in scripts.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    return folder
