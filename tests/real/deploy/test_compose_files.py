"""The compose files of a target are those that Compose itself reads in that folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from samples.compose import V1, Compose, both_composes
from samples.targets import new_repository
from schemas.settings import Health, Target
from tasks.deploy.compose.files import ComposeFiles
from tasks.deploy.compose_command import ComposeCommand

Made = Callable[..., ComposeCommand]
SERVICES = (
    'services: {{web: {{image: base, environment: {{READ: {name}, FROM: "${{WHERE:-no}}"}}}}}}\n'
)
OVERRIDE = "services: {{web: {{environment: {{OVER: {name}}}}}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the compose files, inside a repository."""
    path = new_repository(tmp_path / "repository") / "deploy"
    path.mkdir()
    return path


@pytest.fixture
def made(folder: Path, compose: Compose, tmp_path: Path) -> Made:
    """Makes a command for a target with these settings."""

    def make(compose_file: str | tuple[str, ...], **settings: object) -> ComposeCommand:
        table = {
            "name": "shop",
            "repository": folder.parent,
            "compose_file": compose_file,
            "compose_command": compose,
            "compose_project": "shop",
            "health": Health(command=("true",)),
            "required_gates": ("tests",),
        }
        return ComposeCommand(Target.model_validate(table | settings), tmp_path / "home")

    return make


def _write(folder: Path, *names: str) -> None:
    for name in names:
        text = OVERRIDE if "override" in name or "prod" in name else SERVICES
        (folder / name).write_text(text.format(name=name))


def _by_itself(folder: Path, compose: Compose, *options: str) -> Mapping[str, Any]:
    """What Compose renders when a person runs it there."""
    ran = subprocess.run(
        [*compose, *options, "-p", "shop", "config"],
        cwd=folder, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    rendered: Mapping[str, Any] = yaml.safe_load(ran.stdout)
    return rendered


@both_composes
@pytest.mark.parametrize(
    ("files", "dotenv"),
    [
        (("compose.yaml", "docker-compose.yml"), ""),
        (("compose.yml", "docker-compose.yaml", "docker-compose.override.yaml"), ""),
        (("docker-compose.yml", "compose.override.yml"), "WHERE=dotenv\n"),
        (
            ("compose.yaml", "compose.override.yaml", "compose.prod.yaml"),
            'STAGE=prod\nexport COMPOSE_FILE="compose.yaml:compose.${STAGE}.yaml"\nWHERE=x\n',
        ),
        (
            ("docker-compose.yml", "prod.yml"),
            "COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=docker-compose.yml,prod.yml\n",
        ),
    ],
    ids=["order", "override", "mixed names", "COMPOSE_FILE", "separator"],
)
def test_a_folder_is_read_as_compose_reads_it(
    made: Made, folder: Path, compose: Compose, files: tuple[str, ...], dotenv: str
) -> None:
    """The usual names in its own order, the override beside it, COMPOSE_FILE of the `.env`."""
    _write(folder, *files)
    (folder / ".env").write_text(dotenv)

    assert _by_itself(folder, compose) == made("deploy").config("shop")


@both_composes
def test_what_is_named_is_what_is_read(made: Made, folder: Path, compose: Compose) -> None:
    """A usual name brings its override; another name, or a list, is exactly these files."""
    _write(folder, "docker-compose.yml", "docker-compose.override.yml", "own.yml", "prod.yml")
    (folder / ".env").write_text("WHERE=dotenv\n")

    assert _by_itself(folder, compose) == made("deploy/docker-compose.yml").config("shop")
    for names in (("own.yml",), ("docker-compose.yml",), ("docker-compose.yml", "prod.yml")):
        options = [word for name in names for word in ("-f", name)]
        wanted = tuple(f"deploy/{name}" for name in names)
        given = wanted[0] if names == ("own.yml",) else wanted
        assert _by_itself(folder, compose, *options) == made(given).config("shop")


@both_composes
def test_our_pins_change_nothing_else(made: Made, folder: Path, compose: Compose) -> None:
    """Our own file comes last: neither the override nor the `.env` of the folder is lost."""
    _write(folder, "docker-compose.yml", "docker-compose.override.yml")
    (folder / "docker-compose.yml").write_text(
        'version: "3.8"\n' + (folder / "docker-compose.yml").read_text()
    )
    (folder / ".env").write_text("WHERE=dotenv\n")
    command = made("deploy/docker-compose.yml")
    (folder.parent / ".git" / "aeef").mkdir()
    command.pin({"web": "ours:1"}, ["web"], "c0ffee")

    finished = command.run("config", timeout=60)

    assert finished.problem is None
    lines = (line for line in finished.output.splitlines() if not line.startswith("time="))
    web = yaml.safe_load("\n".join(lines))["services"]["web"]
    assert "ours:1" == web["image"]
    read = {"READ": "docker-compose.yml", "OVER": "docker-compose.override.yml", "FROM": "dotenv"}
    assert read == web["environment"]


@both_composes
def test_profiles_of_the_settings_are_active(made: Made, folder: Path) -> None:
    """`compose_profiles` counts instead of COMPOSE_PROFILES in the `.env`."""
    (folder / "compose.yml").write_text(
        "services: {web: {image: x}, a: {image: x, profiles: [a]}, b: {image: x, profiles: [b]}}"
    )
    (folder / ".env").write_text("COMPOSE_PROFILES=b\n")

    assert {"web", "b"} == made("deploy").services().keys()
    command = made("deploy", compose_profiles=("a",))
    assert {"web", "a"} == command.services().keys()
    assert {"web", "a", "b"} == command.every_service()


def test_1_x_is_asked_only_where_it_makes_a_difference(folder: Path) -> None:
    """With one compose file nobody needs to know which Compose it is."""
    _write(folder, "compose.yaml")
    table = {
        "name": "shop", "repository": folder, "compose_file": ".", "compose_command": V1,
        "health": Health(command=("true",)), "required_gates": ("tests",),
    }  # fmt: skip

    def never() -> bool:
        raise AssertionError

    assert (folder / "compose.yaml",) == ComposeFiles(Target.model_validate(table), never).paths
