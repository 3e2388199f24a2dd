"""Every benchmark in one run: `make bench`. Writes docs/benchmark.json and docs/benchmark.svg.

Figures of different machines, or of different runs, do not compare; ratios within one run do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import make_url

from bench import chart, drift, response, rollback, shell, store
from bench.spread import say
from fixtures.store import postgresql_binaries
from schemas.model import utc_now
from support import ROOT

DOCS = ROOT / "docs"
WARM, STOCK, POSTGRESQL, SHELL = (
    "warm worker, SQLite",
    "stock process worker, SQLite",
    "warm worker, PostgreSQL",
    "the spec's shell scripts",
)
WAYS = (WARM, SHELL, STOCK, POSTGRESQL)
PAGE, ACTION = "alert to page", "alert to first containing action"


def main() -> None:
    """Measure, print, and write what was asked for; when interrupted, write what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, nothing is written")
    parser.add_argument("--only", choices=WAYS, help="one way of running it; nothing is written")
    asked = parser.parse_args()
    results: dict[str, Any] = {"machine": _machine(), "measured": utc_now().date().isoformat()}
    for _ in _measure(results, asked.only, quick=asked.quick):
        if not (asked.only or asked.quick):
            (DOCS / "benchmark.json").write_text(json.dumps(results, indent=2) + "\n", "utf-8")
            chart.draw(results, DOCS / "benchmark.svg")
    sys.stdout.write(json.dumps(results, indent=2) + "\n")


def _measure(results: dict[str, Any], only: str | None, *, quick: bool) -> Iterator[None]:
    """Add to the results, one part after the other."""
    response: dict[str, Any] = results.setdefault("response", {})
    for name, measured in _responses(only, quick=quick, storms=(20,) if quick else (20, 100)):
        response[name] = measured
        yield
    if only:
        return
    results["ratios"] = _ratios(response)
    say("rollback beside Compose's own up")
    results["rollback"] = rollback.measure(say)
    say("drift")
    results["drift"] = drift.measure()
    yield
    if not quick:
        results["store"] = store.measure(say)
        yield


def _responses(
    only: str | None, *, quick: bool, storms: tuple[int, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    quiet = {WARM: 40, SHELL: 40, STOCK: 8, POSTGRESQL: 40}
    for name in (only,) if only else WAYS:
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            env = {"AEEF_WORKER__KIND": "process" if name == STOCK else "warm"}
            if name == POSTGRESQL:
                if postgresql_binaries() is None:
                    say("PostgreSQL is not installed: left out")
                    continue
                place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                env |= _on(stack.enter_context(store.postgresql(place)))
            count = min(quiet[name], 5) if quick else quiet[name]
            say(f"--- {name}")
            if name == SHELL:
                yield name, shell.measure(directory, quiet=count, storms=storms, say=say)
            else:
                told = 0 if quick or name == STOCK else storms[-1]
                measured = response.measure(directory, env, quiet=count, storms=storms, told=told)
                yield name, measured


def _on(url: str) -> dict[str, str]:
    """Our store and Prefect's server on the same PostgreSQL."""
    prefect = make_url(url).set(drivername="postgresql+asyncpg")
    return {
        "AEEF_DATABASE_URL": url,
        "PREFECT_API_DATABASE_CONNECTION_URL": prefect.render_as_string(hide_password=False),
    }


def _ratios(response: dict[str, Any]) -> dict[str, float]:
    """The ratios: stock worker to warm worker, and ours to the shell scripts."""
    warm, stock, shell = response[WARM], response[STOCK], response[SHELL]
    found = {
        "first containing action, stock / warm": (
            stock["quiet"][ACTION]["p50"] / warm["quiet"][ACTION]["p50"]
        ),
        "page, warm / shell": warm["quiet"][PAGE]["p50"] / shell["quiet"][PAGE]["p50"],
    }
    for storm in (name for name in warm if name.startswith("storm") and name in stock):
        over = "all runs over"
        found[f"{storm}, all runs over, stock / warm"] = stock[storm][over] / warm[storm][over]
        found[f"{storm}, last page, warm / shell"] = (
            warm[storm]["last page"] / shell[storm]["last page"]
        )
    return {name: round(ratio, 2) for name, ratio in found.items()}


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory GiB": round(psutil.virtual_memory().total / 2**30),
        "system": platform.platform(),
        "processor": _processor(),
        "Python": platform.python_version(),
        "Prefect": version("prefect"),
        "load before": [round(load, 2) for load in os.getloadavg()],
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


if __name__ == "__main__":
    main()
