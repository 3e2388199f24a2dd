"""Isolation and its undo as procedures, the same for a runbook and for a person.

`do` runs a step: through Prefect, or directly.
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
    do: Do,
    target_name: str,
    services: Sequence[str],
    *,
    mitigates: bool = False,
    asked_by: str = "",
) -> Isolation:
    """Keep the evidence, then isolate, even when evidence could not be kept.

    mitigates: set the incident's status to mitigated once the services are unreachable.
    asked_by: the person who asks for it, see `isolate_service`.
    Raises the failures after both were tried.
    """
    done: list[Isolation] = []

    def contain() -> None:
        done.append(do(isolate_service, target_name, services, asked_by))
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
    under: str = "",
) -> E:
    """Check the approval, then restore everything. under: the approval that was waited for.

    carry_out: runs the restoration, and calls for help when it fails. A refused approval is only
    recorded, as nobody has to act: InvalidInput and AwaitsApproval are raised as they are.
    """
    do(check_restore_approval, target_name, approver, services, under)
    return carry_out(lambda: do(restore_service, target_name, services, approver, under))
