"""Writes a deployment into the target's history, with what is seen running: for pipelines."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from schemas.errors import InvalidInput, TargetError
from schemas.model import utc_now
from schemas.release import DeploymentStatus, History, same_commit
from schemas.settings import Target
from schemas.wording import some
from tasks.deploy.check_health import wait_until_healthy
from tasks.deploy.choose_deployer import deployer_for
from tasks.deploy.deployer import Deployer, Seen
from tasks.target.change_history import (
    Entry,
    add_entry,
    as_text,
    changed_history,
    newest_entries,
    time_field,
)
from tasks.target.release_files import read_history
from tasks.target.repository import TargetRepository

_STAGE = "record"
_SHA = re.compile(r"[0-9a-f]{7,64}")
_FULL_LENGTHS = (40, 64)
_ENVIRONMENT = re.compile(r"[\w. /-]{1,100}")


def record_deployment(
    target: Target,
    commit: str,
    status: DeploymentStatus,
    *,
    home: Path,
    environment: str | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> str:
    """Record a deployment; returns a sentence about what was written.

    `deploying` opens an entry, which `healthy` or `failed` of the same commit completes; else they
    add one. Images and artefacts are those that are seen running: with `healthy` everything must
    run and pass the health check; with `failed` only what was started since `deploying` counts.
    What the history has of a commit is never changed.

    report: called with each thing that a person should know. Raises TargetError when the target
    is not as it is said to be, InvalidInput for a commit or environment that cannot be.
    """
    environment = _environment(target, environment)
    with TargetRepository(target) as repository:
        full = _full(repository, commit)
        head = repository.head().commit
    if head != full:
        report(f"{target.repository} has {head[:12]} checked out, not {full[:12]}")
    with closing(deployer_for(target, home)) as deployer:
        seen = _look(target, deployer, full, status, environment, report)
    now = as_text(utc_now())
    with changed_history(target) as data:
        entries = newest_entries(data, environment)
        open_entry = _begun(entries, full)
        if open_entry is None:
            entry: Entry = {"commit": full, "status": status.value, time_field(entries): now}
            if environment:
                entry["environment"] = environment
            add_entry(data, entry)
        else:
            entry = open_entry
            entry["status"] = status.value
            if status is DeploymentStatus.DEPLOYING:
                entry[time_field([entry])] = now  # begun again
            else:
                entry["finishedAt"] = now
        if seen.images:
            entry["images"] = seen.images
        if seen.artefacts:
            entry["artefacts"] = seen.artefacts.to_json()
    return _said(target, full, status, seen)


def _look(
    target: Target,
    deployer: Deployer,
    commit: str,
    status: DeploymentStatus,
    environment: str | None,
    report: Callable[[str], None],
) -> Seen:
    """What runs, as far as it is this deployment's."""
    history = read_history(target).of(environment)
    if status is DeploymentStatus.HEALTHY:
        for remark in deployer.refuse_other(commit):
            report(remark)
        wait_until_healthy(target, deployer.condition, report=report)
        seen = deployer.recorded()
        if before := _same_before(history, commit, seen):
            report(f"the same images and configuration as of {before[:12]} run: was it deployed?")
        return seen
    if status is DeploymentStatus.FAILED and (since := _begun_at(history, commit)):
        try:
            return deployer.recorded(since)
        except TargetError as error:
            report(f"what runs was not seen: {error}")
    return Seen({})


def _same_before(history: History, commit: str, seen: Seen) -> str | None:
    """The release before, when just the same runs now."""
    last = next((each for each in history.newest_first() if each.status == "healthy"), None)
    if last is None or not last.images or last.artefacts is None or seen.artefacts is None:
        return None
    same = last.images == seen.images and (
        last.artefacts.configuration == seen.artefacts.configuration
    )
    return last.commit if same and not same_commit(last.commit, commit) else None


def _begun(entries: list[Entry], commit: str) -> Entry | None:
    """The entry that this deployment has begun: the newest, while it is `deploying`."""
    newest = next(iter(entries), None)
    begun = (
        newest is not None
        and newest["status"] == DeploymentStatus.DEPLOYING
        and same_commit(newest["commit"], commit)
    )
    return newest if begun else None


def _begun_at(history: History, commit: str) -> datetime | None:
    newest = next(iter(history.newest_first()), None)
    if (
        newest
        and newest.status == DeploymentStatus.DEPLOYING
        and same_commit(newest.commit, commit)
    ):
        return newest.deployed_at
    return None


def _full(repository: TargetRepository, wanted: str) -> str:
    if not _SHA.fullmatch(wanted):
        raise InvalidInput(
            f"{wanted[:80]!a} is no commit id: give 7 to 64 characters of 0-9 and a-f"
        )
    commit = repository.find_commit(wanted)
    if commit is None and len(wanted) not in _FULL_LENGTHS:
        raise TargetError(_STAGE, f"{wanted} is no commit in {repository.path}; give the full id")
    return commit or wanted


def _environment(target: Target, environment: str | None) -> str | None:
    if environment is not None and not _ENVIRONMENT.fullmatch(environment):
        raise InvalidInput("an environment is 1 to 100 letters, digits, spaces and . _ / -")
    if target.environment and environment not in (None, target.environment):
        raise TargetError(
            _STAGE,
            f"target {target.name} is environment {target.environment}, not {environment}:"
            " its containers are not those of the other",
        )
    return environment or target.environment


def _said(target: Target, commit: str, status: DeploymentStatus, seen: Seen) -> str:
    images = [f"{name} {image[:19]}" for name, image in sorted(seen.images.items())]
    files = seen.artefacts.compose_files if seen.artefacts else []
    what = f" with {some(images)}" if images else ""
    return f"recorded {commit[:12]} as {status} on {target.name}{what}" + (
        f", started with {some(files)}" if files else ""
    )
