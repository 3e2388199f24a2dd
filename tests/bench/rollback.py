"""How long a rollback takes beside Compose's own `up`.

Both recreate the same containers from images that the machine has, and end when the service is
healthy. The settle window of a rollback is no work: it is left out, and stated apart. It needs
Docker and Compose.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from samples.compose import compose_missing
from samples.targets import ComposeSample, commit, prove, write_history
from schemas.release import RollbackPlan
from schemas.settings import Health
from tasks.deploy.check_health import wait_until_healthy
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release

TIMES = 5


def measure(report: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Seconds (median) of Compose's `up` and of a rollback, each until healthy; their ratio.

    `settle window`: the seconds that a rollback takes on top by default, to see that it holds.
    """
    if missing := compose_missing(()):
        report(f"{missing}: the rollback is left out")
        return {}
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        sample = ComposeSample(place)
        try:
            return _measured(sample, place / "home", report)
        finally:
            sample.down()


def _measured(sample: ComposeSample, home: Path, report: Callable[[str], None]) -> dict[str, Any]:
    health = sample.target.health.model_copy(update={"settle": 0.0})
    target = sample.target = sample.target.model_copy(update={"health": health})
    other = commit(sample.path, {"www/health": '{"status": "ok"}', "www/version": "other"})
    prove(target, other)
    write_history(target, (sample.good, "healthy"), (other, "healthy"))
    releases = (sample.good, other)
    for release in releases:  # each image is built once
        deploy_release(target, _plan(sample, release), home=home)
    compose, rollback, started = [], [], time.perf_counter
    for number in range(TIMES):
        report(f"rollback {number + 1} of {TIMES}")
        began = started()
        sample.compose("up", "-d", "--force-recreate")
        wait_until_healthy(target)
        compose.append(started() - began)
        plan = _plan(sample, releases[number % 2])
        began = started()
        deploy_release(target, plan, home=home)
        rollback.append(started() - began)
    up, back = statistics.median(compose), statistics.median(rollback)
    return {
        "compose up": round(up, 2),
        "rollback": round(back, 2),
        "ratio": round(back / up, 2),
        "settle window": Health(url=health.url).window,
    }


def _plan(sample: ComposeSample, release: str) -> RollbackPlan:
    return choose_release(sample.target, release).model_copy(update={"recreate": True})
