"""What is said of what runs: each sentence from a look that is taken for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import gettempdir

from schemas.errors import TargetError
from schemas.release import same_commit
from schemas.settings import Target
from tasks.deploy.check_health import wait_until_healthy
from tasks.deploy.choose_deployer import deployer_for
from tasks.deploy.deployer import Deployer, Report, Running


def what_runs(target: Target) -> str:
    """What runs at this moment, in words: a commit, images, nothing, or why that is not known."""
    try:
        now = _seen_now(target)
    except TargetError as error:
        return f"not known, as it could not be looked at ({error})"
    return str(now) if now.known else f"not known{_unseen_because(target)}"


def what_was_put_back(target: Target, deployer: Deployer, before: Running, report: Report) -> str:
    """Look at what was put back until it has settled; what was seen, in a sentence."""
    if before.known and not before.commit and not before.images:
        return (
            "Nothing ran before, so there was nothing to put back."
            f" What runs now: {what_runs(target)}"
        )
    problem = _problem(lambda: wait_until_healthy(target, deployer.condition, report=report))
    try:
        now = _seen_now(target)
    except TargetError as error:
        return f"{before} was put back, but what runs could not be looked at ({error})"
    if not now.known:
        health = f"it is not healthy: {problem}" if problem else "what answers is healthy"
        return (
            f"{target.deploy_command[0]} was run again for {before}; {health}."
            f" Which commit runs is not known{_unseen_because(target)}"
        )
    if not _is_again(before, now):
        also = f"; not healthy: {problem}" if problem else ""
        return f"{before} was to be put back, but what runs is: {now}{also}"
    if problem:
        return f"{before} was put back and runs, but is not healthy: {problem}"
    return f"{before} was put back, runs and is healthy"


def _seen_now(target: Target) -> Running:
    """A deployer of its own: nothing that was seen before, and no broken connection."""
    with closing(deployer_for(target, Path(gettempdir()))) as deployer:
        return deployer.running()


def _unseen_because(target: Target) -> str:
    if not target.running_command:
        return f": [targets.{target.name}] has no running_command"
    return f": '{target.running_command[0]}' does not name a commit"


def _is_again(before: Running, now: Running) -> bool:
    if before.images:
        return all(now.images.get(name) == image for name, image in before.images.items())
    return before.commit is not None and same_commit(before.commit, now.commit)


def _problem(look: Callable[[], object]) -> str | None:
    try:
        look()
    except TargetError as error:
        return str(error).rstrip(".")
    return None
