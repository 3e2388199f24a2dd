"""Targets to roll back in tests: real git repositories, deployed by a command or by Compose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
import uuid
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docker
import httpx

from deployments.cli.demo.sample import create_demo
from samples.compose import Compose, run_compose
from schemas.settings import Health, Target
from support import SHARED_PLACE, free_port, made_once, wait_until

GATES = ("tests", "security-scan")
START = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = {"successes": 2, "interval": 0.02, "settle": 0.0, "deadline": 2.0}


def command_target(tmp_path: Path) -> Target:
    """The demo target: a bad release runs, one good one is proven; deployed by a script."""
    table = tomllib.loads(_demo(tmp_path / "demo"))["targets"]["demo"]
    target = Target.model_validate(table | {"name": "demo", "health": table["health"] | QUICK})
    # The demo has one more, for its second rollback: most tests want to know which is chosen.
    target.provenance_path(git(target.repository, "rev-parse", "HEAD~2")).unlink()
    history = json.loads(target.history_path.read_text())
    write_json(target.history_path, {**history, "deployments": history["deployments"][1:]})
    return target.model_copy(update={"limits": {}})


def _demo(place: Path) -> str:
    """What `create_demo` makes, and its table; in a run of the tests it is made once, and copied.

    To make it takes a tenth of a second of processor time, and hundreds of tests need one.
    """
    if SHARED_PLACE not in os.environ:
        return create_demo(place)
    made = made_once("demo", lambda at: (at / "table").write_text(create_demo(at / "demo")))
    shutil.copytree(made / "demo", place, symlinks=True)
    [line] = [each for each in (made / "table").read_text().splitlines() if "repository" in each]
    return (made / "table").read_text().replace(line, f"repository = {json.dumps(str(place))}")


def git(repository: Path, *arguments: str) -> str:
    """Run git with a made-up identity."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
    finished = subprocess.run(
        ["git", *identity, *arguments],
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return finished.stdout.strip()


def new_repository(path: Path) -> Path:
    """An empty git repository."""
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--template=", "--initial-branch=main")
    return path


def commit(repository: Path, files: Mapping[str, str], message: str = "A change") -> str:
    """Commit these files and whatever else changed; returns the full id."""
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(repository, "rev-parse", "HEAD")


def write_history(target: Target, *deployments: tuple[str, str], **more: object) -> None:
    """A history with these (commit, status), an hour apart, the last one newest."""
    entries = [
        {
            "commit": sha,
            "status": status,
            "deployedAt": (START + timedelta(hours=hour)).isoformat(),
        }
        for hour, (sha, status) in enumerate(deployments)
    ]
    write_json(target.history_path, {"deployments": entries, **more})


def prove(target: Target, sha: str, **statuses: str) -> None:
    """A provenance record of the commit: every gate passed, but for the statuses given."""
    stages = {gate: {"status": "pass"} for gate in GATES}
    stages |= {gate.replace("_", "-"): {"status": status} for gate, status in statuses.items()}
    write_json(target.provenance_path(sha), {"commit": sha, "stages": stages})


def write_json(path: Path, data: object) -> None:
    """Write JSON, with the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n")


_DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
COPY www /www
CMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
LABEL {label}
"""
_COMPOSE_FILE = """\
services:
  web:
    build: .
    stop_grace_period: 0s
    ports: ["127.0.0.1:{port}:8080"]
"""


class ComposeSample:
    """A Compose application with a good and a bad release; nothing runs at first."""

    def __init__(self, directory: Path, compose: Compose = ()) -> None:
        unique = uuid.uuid4().hex[:8]
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.path = new_repository(directory / "shop")
        self.target = Target(
            name=f"shop-{unique}",
            repository=self.path,
            compose_file="compose.yml",
            compose_project=f"aeef-test-{unique}",
            compose_command=compose,
            health=Health(url=f"{self.url}/health", timeout=2.0, successes=2, interval=0.05,
                          settle=0.2, deadline=5.0),
            required_gates=GATES,
            deploy_timeout=120.0,
        )  # fmt: skip
        shutil.copy(str(shutil.which("busybox")), self.path / "busybox")
        self.image_label = f"aeef.test={unique}"
        dockerfile = _DOCKERFILE.format(label=self.image_label)
        files = {"Dockerfile": dockerfile, "compose.yml": _COMPOSE_FILE.format(port=port)}
        self.good = commit(self.path, files | _pages("ok", "good"), "A good release")
        self.bad = commit(self.path, _pages("broken", "bad"), "A bad release")
        write_history(self.target, (self.good, "healthy"), (self.bad, "failed"))
        prove(self.target, self.good)
        prove(self.target, self.bad)

    def serve_bad(self) -> None:
        """Deploy the bad release as a pipeline would, and wait until it answers."""
        self.compose("up", "-d", "--build")
        wait_until(self._answers)

    def _answers(self) -> bool:
        try:
            httpx.get(self.url, timeout=5, trust_env=False)
        except httpx.HTTPError:
            return False
        return True

    def compose(self, *arguments: str) -> None:
        """Run Compose on its file, without AEEF."""
        run_compose(self.target, *arguments)

    def down(self) -> None:
        """Remove every container, network and image of this sample."""
        label = f"com.docker.compose.project={self.target.compose_project}"
        with closing(docker.from_env()) as client:
            for container in client.containers.list(all=True, filters={"label": label}):
                container.remove(force=True, v=True)
            quarantine = f"aeef.target={self.target.name}"
            for each in (label, quarantine):
                for network in client.networks.list(filters={"label": each}):
                    network.remove()
            for image in client.api.images(quiet=True, filters={"label": self.image_label}):
                client.images.remove(image, force=True)


def _pages(status: str, version: str) -> dict[str, str]:
    return {"www/health": json.dumps({"status": status}), "www/version": version}
