"""Debian's Prometheus, and its tool, for tests."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from support import free_port, not_available

PROGRAM, TOOL = "prometheus", "promtool"
START_SECONDS = 120.0


def promtool(*arguments: str, given: bytes | None = None) -> str:
    """What it says; fails when it finds something wrong."""
    if not shutil.which(TOOL):
        not_available(f"{TOOL} is not installed")
    done = subprocess.run(
        [TOOL, *arguments], input=given, capture_output=True, check=False, timeout=120
    )
    said = (done.stdout + done.stderr).decode()
    assert 0 == done.returncode, said
    return said


class RealPrometheus:
    """A running Prometheus that scrapes one address as the job `aeef`, with our rules."""

    def __init__(self, directory: Path, scraped: str, rules: Path) -> None:
        self.directory = directory
        self.url = f"http://127.0.0.1:{free_port()}"
        directory.mkdir(parents=True)
        (directory / "prometheus.yml").write_text(f"""\
global: {{scrape_interval: 1s, evaluation_interval: 1s, scrape_timeout: 1s}}
rule_files: [{rules}]
scrape_configs:
- job_name: aeef
  static_configs: [{{targets: [{scraped}]}}]
""")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not shutil.which(PROGRAM):
            not_available(f"{PROGRAM} is not installed")
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    PROGRAM,
                    f"--config.file={self.directory / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.directory / 'data'}",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                ],
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline, (self.directory / "log").read_text()
            time.sleep(0.05)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that it answers with: each with `metric` and `value`."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=30)
        assert 200 == answer.status_code, f"{expression}: {answer.text}"
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def unhealthy_rules(self) -> list[str]:
        """The rules that it could not evaluate, and those that it has not tried yet."""
        answer = httpx.get(f"{self.url}/api/v1/rules", timeout=30).json()
        rules = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
        return [rule["name"] for rule in rules if rule["health"] != "ok"] if rules else ["none"]
