"""Isolation, and its undo, as procedures: a runbook and a person do the same.

`do` is how a step is done: through Prefect, or directly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from schemas.incident import Status
from schemas.isolation import Isolation
from tasks.base.attempt_all import attempt_all
from tasks.do import Do
from tasks.incident.change_status import change_status
from tasks.isolation.isolate_service import isolate_service
from tasks.isolation.preserve_service_state import preserve_service_state
from tasks.isolation.restore_service import check_restore_approval, restore_service

E = TypeVar("E")


def isolate(
    do: Do, target_name: str, services: Sequence[str], *, mitigates: bool = False
) -> Isolation:
    """Keep the evidence, then isolate. Evidence that cannot be kept does not hold that up.

    mitigates: the incident is mitigated as soon as nothing reaches the services.
    Raises what could not be done, after both were tried.
    """
    done: list[Isolation] = []

    def contain() -> None:
        done.append(do(isolate_service, target_name, services))
        if mitigates:
            do(change_status, Status.MITIGATED, "the services are isolated")

    attempt_all(
        lambda: do(preserve_service_state, target_name, services, "before-isolation"), contain
    )
    return done[0]


def restore(
    do: Do,
    target_name: str,
    services: Sequence[str],
    approver: str,
    carry_out: Callable[[Callable[[], Isolation]], E],
) -> E:
    """Check the approval, then put everything back.

    carry_out: does the latter, and gets help when it fails. A refusal is on record and needs
    nobody: InvalidInput comes out as it is.
    """
    do(check_restore_approval, target_name, approver, services)
    return carry_out(lambda: do(restore_service, target_name, services, approver))
