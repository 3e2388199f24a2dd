"""Runbook: a vulnerability, or a scanner's finding, in what runs."""

from __future__ import annotations

from functools import partial

from flows.attempt_all import attempt_all
from flows.contain_service import contain_service
from flows.escalate import escalate
from flows.runbook import Response, runbook
from schemas.incident import Status
from tasks.change_status import change_status
from tasks.record_findings import record_findings


@runbook("security")
def security(response: Response) -> None:
    """Tell the people; keep the evidence and isolate the service; prepare an emergency patch."""
    escalate(response)
    attempt_all(
        partial(contain, response),
        partial(response.do, record_findings),
    )


def contain(response: Response) -> None:
    """Isolate at the severities that are configured: an isolated service serves nobody."""
    severity, wanted = response.incident.severity, response.settings.security.isolate
    if response.target and severity not in wanted:
        response.note(
            f"not isolated: that is done for {', '.join(wanted) or 'no severity'};"
            f" `aeef isolate --target {response.target.name}` does it by hand"
        )
        return
    if contain_service(response):
        response.do(change_status, Status.MITIGATED, "the service is isolated")
