"""Isolates a target's services, after their state was preserved as evidence."""

from __future__ import annotations

from flows.parts.runbook import Response
from schemas.settings import Target
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
