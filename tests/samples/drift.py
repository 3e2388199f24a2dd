"""A Compose application of two services that runs as committed, and ways to make it drift."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import yaml

from samples.compose import Compose
from samples.targets import ComposeSample, commit, prove, write_json
from schemas.drift import Difference, DriftReport
from schemas.settings import Settings, TargetDrift
from tasks.drift.assess_drift import assess

SECRET = "correct-horse-battery"
CONFIG = "log:\n  level: info\nlimits: [1, 2]\ndatabase:\n  password: first-secret\n"


class DriftSample:
    """`web` needs `db`; the release is healthy, proven, and recorded with its images."""

    def __init__(self, directory: Path, compose: Compose = ()) -> None:
        self.sample = ComposeSample(directory, compose)
        self.directory = directory
        self._committed: set[tuple[str, ...]] = set()
        """The containers, as they are when they run as committed."""
        files = TargetDrift.model_validate({"files": ["config/app.yaml"]})
        self.target = self.sample.target.model_copy(update={"drift": files})
        self.settings = Settings.model_validate(
            {
                "home": directory / "home",
                "drift": {"confirm_after": 0},
                "targets": {self.target.name: self.target.model_dump()},
            }
        )
        port = self.sample.url.rpartition(":")[2]
        self.compose_file: dict[str, Any] = {
            "version": "3.8",
            "services": {
                "web": {
                    "build": ".",
                    "stop_grace_period": "0s",
                    "ports": [f"127.0.0.1:{port}:8080"],
                    "environment": {"LOG_LEVEL": "info", "PRICE": "5 $$", "PASSWORD": SECRET},
                    "labels": {"team": "shop"},
                    "volumes": ["./config:/config:ro", "data:/data", "/scratch"],
                    "cap_drop": ["NET_RAW"],
                    "restart": "unless-stopped",
                    "depends_on": ["db"],
                    "env_file": "local.env",
                },
                "db": {
                    "build": ".",
                    "stop_grace_period": "0s",
                    "entrypoint": ["/bin/busybox"],
                    "command": ["sleep", "3600"],
                    "user": "1000",
                    "tmpfs": "/tmp",
                },
            },
            "volumes": {"data": {}},
        }
        text = yaml.safe_dump(self.compose_file)
        self.path = self.sample.path
        files_of_release = {
            "compose.yml": text, "config/app.yaml": CONFIG, ".gitignore": "local.env\n",
        }  # fmt: skip
        (self.path / "local.env").write_text("FROM_FILE=secret-of-the-machine\n")
        self.commit = commit(self.path, files_of_release | {"www/health": '{"status": "ok"}'})
        prove(self.target, self.commit)

    def start(self) -> None:
        """Run the release, and record it."""
        self.compose("up", "-d", "--build")
        self._committed = self._running()
        self.record()

    def as_committed(self) -> None:
        """Run the release, unless it runs untouched; `web` alone where only that was touched."""
        if touched := self._touched():
            # docker-compose 1.x does not notice that, for instance, `pid` has changed.
            only_web = ("--force-recreate", "--no-deps", "web")
            self.compose("up", "-d", *(only_web if touched == {"web"} else ("--remove-orphans",)))
            self._committed = self._running()

    def change_web(self, change: dict[str, Any]) -> None:
        """Run the release, but `web` with these settings that nobody committed."""
        if not self._touched() <= {"web"}:
            self.as_committed()
        options = ("--force-recreate", "--no-deps", "web")
        self.compose("up", "-d", *options, services={"web": change})

    def edit_and_undo(self, old: str, new: str) -> None:
        """Run the release with an edit of its compose file that is undone again."""
        file = self.path / "compose.yml"
        committed = file.read_text("utf-8")
        file.write_text(committed.replace(old, new), "utf-8")
        self.sample.compose("up", "-d", "--force-recreate", "--no-deps", "web")
        file.write_text(committed, "utf-8")

    def compose(self, *arguments: str, services: dict[str, Any] | None = None) -> None:
        """Run Compose; services: what an uncommitted file changes."""
        override = self.directory / "override.yml"
        changed = {"services": services} if services else {}
        override.write_text(yaml.safe_dump({"version": "3.8"} | changed))
        self.sample.compose("-f", str(override), *arguments)

    def _touched(self) -> set[str]:
        """The services of which another container runs, or none."""
        return {service for service, *_ in self._running() ^ self._committed}

    def _running(self) -> set[tuple[str, ...]]:
        return {(each["service"], each["id"]) for each in self.containers()}

    def record(self) -> None:
        """Write the history as a pipeline does: this release is healthy, with these images."""
        entry = {
            "commit": self.commit,
            "status": "healthy",
            "deployedAt": "2026-01-03T00:00:00Z",
            "images": {each["service"]: each["image"] for each in self.containers()},
        }
        write_json(self.target.history_path, {"deployments": [entry]})

    def containers(self) -> list[dict[str, str]]:
        """Service, image and id of every container."""
        label = f"com.docker.compose.project={self.target.compose_project}"
        with closing(docker.from_env()) as client:
            return [
                {
                    "id": str(each.id),
                    "service": each.labels["com.docker.compose.service"],
                    "image": str(each.attrs["Image"]),
                }
                for each in client.containers.list(filters={"label": label})
            ]

    def assess(self) -> DriftReport:
        """The report."""
        return assess(self.target, self.settings)

    def differences(self) -> dict[str, Difference]:
        """The differences by path."""
        return {each.path: each for each in self.assess().differences}

    def down(self) -> None:
        """Remove everything, volumes too."""
        self.sample.down()
        label = f"com.docker.compose.project={self.target.compose_project}"
        with closing(docker.from_env()) as client:
            for volume in client.volumes.list(filters={"label": label}):
                volume.remove(force=True)
