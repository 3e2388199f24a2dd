"""A Compose application of two services that runs as committed, and ways to make it drift."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import yaml

from samples.targets import ComposeSample, commit, prove, write_json
from schemas.drift import Difference, DriftReport
from schemas.settings import Settings, TargetDrift
from tasks.drift.assess_drift import assess

SECRET = "correct-horse-battery"
CONFIG = "log:\n  level: info\nlimits: [1, 2]\ndatabase:\n  password: first-secret\n"


class DriftSample:
    """`web` needs `db`; the release is healthy, proven, and recorded with its images."""

    def __init__(self, directory: Path) -> None:
        self.sample = ComposeSample(directory)
        self.directory = directory
        self._web_changed = False
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

    def run(self, web: dict[str, Any] | None = None, **services: dict[str, Any]) -> None:
        """Run the release, with these changes that nobody committed."""
        override = self.directory / "override.yml"
        changed = ({"web": web} if web else {}) | services
        content = {"version": "3.8", "services": changed} if changed else {"version": "3.8"}
        override.write_text(yaml.safe_dump(content))
        # docker-compose 1.x does not see by itself that, for instance, `pid` has changed.
        options = ["--remove-orphans"]
        if web or self._web_changed:
            options = ["--force-recreate", "--no-deps", "web"]
        self._web_changed = bool(web)
        self.sample.compose("-f", str(override), "up", "-d", "--build", *options)

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
