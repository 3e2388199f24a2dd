"""Cuts a target's services off, after everything that they tell was kept as evidence."""

from __future__ import annotations

from flows.parts.runbook import Response
from schemas.settings import Target
from tasks.isolation.procedures import isolate as contain


def isolate(response: Response, target: Target) -> None:
    """Keep the evidence, then isolate.

    Nothing is rolled back, not even for P1: new containers would take the place of those that
    are evidence, and what runs in isolation can do no more harm.
    """
    services = response.services_of(target)
    if response.route.rollback:
        response.note(
            f"{target.name} is not rolled back: its containers are evidence. To go back all the"
            f" same: `aeef rollback --target {target.name}`"
        )
    contain(response.do, target.name, services)
