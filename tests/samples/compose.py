"""The two kinds of Docker Compose that are supported, and what is missing for tests with them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import closing
from functools import cache

import docker
import pytest
from docker.errors import DockerException

from schemas.settings import Target

Compose = tuple[str, ...]
"""How Compose is called; empty: as AEEF itself would."""

V2: Compose = ("docker", "compose")
V1: Compose = ("docker-compose",)

both_composes = pytest.mark.parametrize("compose", [V2, V1], indirect=True, ids=["v2", "v1"])
"""A test that is run with either; all others are run with v2 alone."""


class ComposeFailed(Exception):
    """What Compose said when it did not work."""


@cache
def docker_missing() -> str | None:
    """None when Docker and a static busybox are here, else what is missing."""
    if not shutil.which("busybox"):
        return "busybox-static is not installed"
    try:
        with closing(docker.from_env(timeout=10)) as client:
            client.ping()
    except (DockerException, OSError) as error:
        return f"Docker does not answer: {type(error).__name__}"
    return None


@cache
def compose_missing(compose: Compose) -> str | None:
    """None when Docker and this Compose are here, else what is missing."""
    if compose == V2:
        missing = None if _version(V2) else "Compose v2 is not installed; .ci/compose-v2 gets it"
    elif compose == V1:
        missing = None if _version(V1).startswith("1.") else "docker-compose 1.x is not installed"
    else:
        missing = None if compose_program() else "Docker Compose is not installed"
    return missing or docker_missing()


def compose_program() -> Compose:
    """How Compose is called where it does not matter which; empty when there is none."""
    return next((each for each in (V2, V1) if _version(each)), ())


def run_compose(target: Target, *arguments: str) -> None:
    """Run Compose on a target's file, without AEEF."""
    program = target.compose_command or compose_program()
    ran = subprocess.run(
        [*program, "-f", "compose.yml", "-p", str(target.compose_project), *arguments],
        cwd=target.repository,
        env={**os.environ, "PWD": str(target.repository)},  # as a shell there has it
        check=False,
        capture_output=True,
        timeout=120,
    )
    if ran.returncode:
        raise ComposeFailed(ran.stderr.decode())


@cache
def _version(compose: Compose) -> str:
    if not shutil.which(compose[0]):
        return ""
    asked = subprocess.run(
        [*compose, "version", "--short"], capture_output=True, check=False, timeout=60, text=True
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""
