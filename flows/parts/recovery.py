"""After a containment: the target is frozen until people sign off, where that is configured."""

from __future__ import annotations

from flows.parts.response import Response
from schemas.incident import Status
from tasks.deploy.recovery_freeze import freeze_until_recovered
from tasks.recovery.gate import rules_of
from tasks.store import open_store


def begin_recovery(response: Response) -> None:
    """Freeze each target of a contained incident. Nothing while `[recovery]` is off."""
    wanted = [each for each in response.targets if rules_of(each, response.settings).is_on]
    if not wanted or open_store(response.settings).incident(response.id).status != Status.MITIGATED:
        return
    for target in wanted:
        response.do(freeze_until_recovered, target.name)
