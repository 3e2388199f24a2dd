"""Levers of a target: going back, isolating, stopping its agents."""

from __future__ import annotations

import secrets
import shutil

import docker

from schemas.errors import RollbackError
from schemas.settings import Settings, Target
from schemas.wording import some
from tasks.agents.control_plane import status_of
from tasks.agents.registry import read_registry
from tasks.armed.lever import Disarmed, NotConfigured
from tasks.base.docker_connection import docker_connection
from tasks.base.trim import one_line, trim
from tasks.deploy.check_health import look_once
from tasks.isolation.journal import read_isolation
from tasks.isolation.quarantine import probe_quarantine
from tasks.rollback.roll_back import rehearse_rollback

LONGEST_VERDICT = 500
"""Characters of what a target answers, and of what its containers do."""
DOCKER_SECONDS = 10


def rollback(target: Target, settings: Settings) -> str:
    """Rehearse a rollback, which changes nothing; and what the target answers now."""
    try:
        plan = rehearse_rollback(target, settings.home)
    except RollbackError as error:
        raise Disarmed(f"a rollback would fail: {error}; {_now(target)}") from None
    free = shutil.disk_usage(target.repository).free // 1_000_000
    if free < settings.armed.free_megabytes:
        raise Disarmed(
            f"a rollback could fail: {target.repository} has {free} MB free, and "
            f"{settings.armed.free_megabytes} MB are wanted; {_now(target)}"
        )
    goal = "; ".join([f"could go back to {plan.to_commit[:12]}", *plan.remarks])
    if plan.passed_over:
        goal += f"; passed over: {some(plan.passed_over, ' | ')}"
    if plan.not_looked_at:
        goal += f"; not looked at: {some(plan.not_looked_at)}"
    return f"{goal}; {_now(target)}"


def _now(target: Target) -> str:
    """What it answers now, how that is judged, and what its containers do."""
    verdict = look_once(target)
    seen = f"NOT healthy: {verdict.problem}" if verdict.problem else f"healthy: {verdict.said}"
    return f"now {trim(one_line(seen), LONGEST_VERDICT)}"


def isolation(target: Target, settings: Settings) -> str:
    """Make a network as isolating does, and remove it again; nothing is connected to it."""
    if read_isolation(target.name, settings.home):
        return "it is isolated now"
    how = target.how_to_isolate
    if how.isolate_command:
        missing = [
            command[0]
            for command in (how.isolate_command, how.restore_command, how.isolated_command)
            if shutil.which(command[0], path=None) is None
            and not (target.repository / command[0]).exists()
        ]
        if missing:
            raise Disarmed(f"there is no program {some(missing)}: isolating would fail")
        return "its commands are there; they were not run"
    if not target.compose_file:
        raise NotConfigured(f"set [targets.{target.name}.isolation] isolate_command")
    with docker_connection(seconds=DOCKER_SECONDS) as client:
        api: docker.APIClient = client.api
        probe_quarantine(api, f"aeef-probe-{secrets.token_hex(4)}", target)
    return "a quarantine network can be made"


def agents(target: Target, settings: Settings) -> str:
    """Read the registry, and ask the control plane for the first agent in it."""
    registered = read_registry(target).agents
    found = f"{len(registered)} agents registered"
    plane = target.agents.control_plane if target.agents else None
    if plane is None:
        return f"{found}; no control plane is configured"
    if not registered:
        return f"{found}; the control plane was not asked, for want of an agent"
    status_of(registered[0].agent_id, plane, settings, tries=1)
    return f"{found}; the control plane answers"
