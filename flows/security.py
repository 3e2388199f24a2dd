"""Runbook: a vulnerability, or a scanner's finding, in what runs."""

from __future__ import annotations

from functools import partial

from flows.parts.isolate import isolate, prepare_isolation
from flows.parts.notify import notify
from flows.parts.runbook import Response, runbook
from schemas.incident import Status
from tasks.base.attempt_all import attempt_all
from tasks.findings.record_findings import record_findings
from tasks.incident.change_status import change_status
from tasks.patch.start_emergency_patch import start_emergency_patch


def prepare(response: Response) -> None:
    """On a guess: notify people, keep evidence, and say what would be isolated."""
    notify(response)
    if is_isolated(response):
        attempt_all(*(partial(prepare_isolation, response, target) for target in response.targets))


@runbook("security", prepares=prepare)
def security(response: Response) -> None:
    """Notify people; preserve evidence and isolate the service; start an emergency patch."""
    notify(response)
    attempt_all(
        partial(contain, response),
        partial(response.do, record_findings),
        partial(patch, response),
    )


def contain(response: Response) -> None:
    """Isolate, at the configured severities only: an isolated service is down for its users."""
    if is_isolated(response):
        attempt_all(*(partial(isolate, response, target) for target in response.targets))
        names = " and ".join(target.name for target in response.targets)
        response.do(change_status, Status.MITIGATED, f"{names} is isolated")


def is_isolated(response: Response) -> bool:
    """True when there is a target, and isolation is configured for this severity; else say why."""
    targets, wanted = response.targets, response.settings.security.isolate
    names = " and ".join(target.name for target in targets)
    if not targets:
        response.note(
            "nothing was isolated: no configured target has the service"
            f" '{response.incident.service}'"
        )
    elif response.incident.severity not in wanted:
        response.note(
            f"{names} was not isolated by this run: that is done for"
            f" {', '.join(wanted) or 'no severity'}; `aeef isolate` does it by hand"
        )
    else:
        return True
    return False


def patch(response: Response) -> None:
    """Start the emergency patch as a run of its own, because it waits for an approval."""
    if response.targets:
        response.do(start_emergency_patch)
