"""Isolates a target's services after evidence of them was kept; or only says what it would do."""

from __future__ import annotations

from functools import partial

from flows.parts.runbook import Response
from schemas.settings import Target
from tasks.base.attempt_all import attempt_all
from tasks.isolation.isolate_service import foresee_isolation
from tasks.isolation.preserve_service_state import preserve_service_state
from tasks.isolation.procedures import isolate as contain


def isolate(response: Response, target: Target) -> None:
    """Preserve the evidence, then isolate the incident's services of this target.

    Nothing is rolled back, not even for P1: new containers would replace those that are
    evidence, and an isolated container can do no more harm.
    """
    services = response.services_of(target)
    if response.route.rollback:
        response.note(
            f"{target.name} is not rolled back: its containers are evidence. To roll back"
            f" anyway: `aeef rollback --target {target.name}`"
        )
    contain(response.do, target.name, services)


def prepare_isolation(response: Response, target: Target) -> None:
    """Keep the evidence, and record which containers `isolate` would isolate; change nothing."""
    services = response.services_of(target)
    attempt_all(
        partial(response.do, preserve_service_state, target.name, services, "on-a-guess"),
        partial(response.do, foresee_isolation, target.name, services),
    )
