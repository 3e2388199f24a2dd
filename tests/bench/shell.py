"""The spec's own shell scripts, unchanged, measured like everything else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.spread import Say, spread
from contracts.spec import SPEC
from samples.targets import command_target
from standins.pagerduty import ROUTING_KEY, PagerDuty

DOCKER = """\
#!/bin/sh
touch "$ACTED"; exit 1
"""
"""Stands for Docker: notes that the first containing action was reached; the script ends there."""
PREAMBLE = """\
set -euo pipefail
map_severity_to_pd() { echo critical; }
"""


def measure(directory: Path, *, quiet: int, storms: tuple[int, ...], say: Say) -> dict[str, Any]:
    """Page and first containing action, and the pages of a storm; no record, no retry."""
    say("the spec's shell scripts")
    with PagerDuty() as pagerduty:
        results: dict[str, Any] = {
            "quiet": {"alert to page": spread([_page(pagerduty) for _ in range(quiet)])}
        }
        if shutil.which("jq"):
            acted = [_roll_back(directory / str(number)) for number in range(quiet)]
            results["quiet"]["alert to first containing action"] = spread(acted)
        else:
            say("jq is not installed: the spec's rollback.sh is left out")
        for size in storms:
            results[f"storm of {size}"] = {"last page": _storm(pagerduty, size)}
        return results


def _page(pagerduty: PagerDuty) -> float:
    """`scripts/page-oncall.sh`, with the address of the stand-in."""
    began = time.monotonic()
    _run_page(pagerduty)
    return pagerduty.requests[-1].at - began


def _run_page(pagerduty: PagerDuty) -> None:
    script = _script("page-oncall.sh").replace("https://events.pagerduty.com", pagerduty.url)
    env = {**os.environ, "PAGERDUTY_ROUTING_KEY": ROUTING_KEY, "SEVERITY": "P1"}
    env["INCIDENT_TYPE"] = "unknown"
    _bash(PREAMBLE + script, env=env)


def _storm(pagerduty: PagerDuty, size: int) -> float:
    began, before = time.monotonic(), len(pagerduty.requests)
    with ThreadPoolExecutor(size) as pool:
        list(pool.map(lambda _: _run_page(pagerduty), range(size)))
    return round(max(request.at for request in pagerduty.requests[before:]) - began, 3)


def _roll_back(directory: Path) -> float:
    """`scripts/rollback.sh`, until it calls Docker."""
    target = command_target(directory)
    programs, acted = directory / "bin", directory / "acted"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER)
    (programs / "docker").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "ACTED": str(acted)}
    began = time.time()
    _bash(_script("rollback.sh"), env=env, cwd=target.repository)
    return acted.stat().st_mtime - began


def _script(name: str) -> str:
    """The text of a script in the spec."""
    found = re.search(rf"^# scripts/{re.escape(name)}$(.*?)^[A-Z][A-Za-z ]+$", SPEC, re.M | re.S)
    assert found is not None, name
    return found[1].split("\nEOF\n")[0] + "\nEOF\n" if "<<EOF" in found[1] else found[1]


def _bash(text: str, **how: Any) -> None:
    subprocess.run(["bash", "-c", text], capture_output=True, timeout=60, check=False, **how)
