"""Cuts a target's services off, after everything that they tell was kept as evidence."""

from __future__ import annotations

from functools import partial

from flows.parts.attempt_all import attempt_all
from flows.parts.runbook import Response
from schemas.settings import Target
from tasks.isolation.isolate_service import isolate_service
from tasks.isolation.preserve_service_state import preserve_service_state


def isolate(response: Response, target: Target) -> None:
    """Keep the evidence, then isolate. Evidence that cannot be kept does not hold that up.

    Nothing is rolled back, not even for P1: new containers would take the place of those that
    are evidence, and what runs in isolation can do no more harm.
    """
    services = response.services_of(target)
    if response.route.rollback:
        response.note(
            f"{target.name} is not rolled back: its containers are evidence. To go back all the"
            f" same: `aeef rollback --target {target.name}`"
        )
    attempt_all(
        partial(response.do, preserve_service_state, target.name, services, "before-isolation"),
        partial(response.do, isolate_service, target.name, services),
    )
