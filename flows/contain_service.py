"""Cuts a service off, after everything that it tells was kept as evidence."""

from __future__ import annotations

from functools import partial

from flows.attempt_all import attempt_all
from flows.runbook import Response
from tasks.isolate_service import isolate_service
from tasks.preserve_service_state import preserve_service_state


def contain_service(response: Response) -> bool:
    """Keep the evidence, then isolate; False when there is no target to do it on.

    Evidence that cannot be kept is told, and does not hold the isolation up. Nothing is rolled
    back, whatever the severity: new containers would take the place of those that have to be
    looked into, and what runs in isolation can do no more harm.
    """
    target = response.target
    if target is None:
        response.note(
            "nothing was isolated: no configured target has the service"
            f" '{response.incident.service}'"
        )
        return False
    services = tuple(response.incident.affected_services)
    attempt_all(
        partial(response.do, preserve_service_state, target.name, services, "before-isolation"),
        partial(response.do, isolate_service, target.name, services),
    )
    if response.route.rollback:
        response.note(
            "not rolled back: the isolated containers are evidence. To go back all the same:"
            f" `aeef rollback --target {target.name}`"
        )
    return True
