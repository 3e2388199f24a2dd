"""A process that deploys a release, and may kill itself at a named point on the way."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Target
from support import ROOT, TESTS
from tasks.rollback.deploy_release import deploy_release

ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT}:{TESTS}"}
"""For processes that a test starts: they find our packages."""


def started(target: Target, plan: RollbackPlan, home: Path, *points: str) -> subprocess.Popen[str]:
    """Start deploy_release in a process of its own; `points` are where it kills itself."""
    arguments = [target.model_dump_json(), plan.model_dump_json(), str(home), *points]
    return subprocess.Popen(
        [sys.executable, __file__, *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_at(point: str, target: Target, plan: RollbackPlan, home: Path) -> None:
    """Run deploy_release in a process that dies, as by kill -9, at this point."""
    with started(target, plan, home, point) as process:
        process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL


def deployed_by(process: subprocess.Popen[str]) -> DeployedRelease:
    """Wait for a process that is to succeed; what it deployed."""
    with process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return DeployedRelease.model_validate_json(output)


def gone(pid: int) -> bool:
    """True once the process has ended; a killed one takes init a moment to clear away."""
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def die() -> None:
    """Die as by `kill -9`: without clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str) -> None:
    """Make a function kill this process: `before tasks.module.Class.method`, or `after …`."""
    when, path = point.split()
    parts = path.split(".")
    owner: Any = importlib.import_module(parts[0])
    for number, name in enumerate(parts[1:-1], 2):
        if not hasattr(owner, name):
            importlib.import_module(".".join(parts[:number]))
        owner = getattr(owner, name)
    real: Callable[..., Any] = getattr(owner, parts[-1])

    def armed(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            die()
        result = real(*arguments, **named)
        die()
        return result

    setattr(owner, parts[-1], armed)


def main(target_json: str, plan_json: str, home: str, *points: str) -> None:
    """Deploy the plan, dying at the given points; prints what was deployed."""
    for point in points:
        arm(point)
    deployed = deploy_release(
        Target.model_validate_json(target_json),
        RollbackPlan.model_validate_json(plan_json),
        home=Path(home),
    )
    sys.stdout.write(deployed.model_dump_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
