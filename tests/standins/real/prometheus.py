"""Debian's Prometheus, and its tool, for tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx

from standins.real.server import RealServer
from support import not_available

TOOL = "promtool"


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


class RealPrometheus(RealServer):
    """A running Prometheus that scrapes one address as the job `aeef`, with our rules."""

    program = "prometheus"

    def __init__(self, directory: Path, scraped: str, rules: Path) -> None:
        super().__init__(directory)
        (directory / "prometheus.yml").write_text(f"""\
global: {{scrape_interval: 1s, evaluation_interval: 1s, scrape_timeout: 1s}}
rule_files: [{rules}]
scrape_configs:
- job_name: aeef
  static_configs: [{{targets: [{scraped}]}}]
""")

    def arguments(self) -> list[str]:
        """What it is started with."""
        return [
            f"--config.file={self.directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address={self.address}",
        ]

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
