"""Runbook: personal data is exposed, or was read by somebody who may not."""

from __future__ import annotations

from functools import partial

from flows.attempt_all import attempt_all
from flows.escalate import escalate
from flows.runbook import Response, runbook
from schemas.incident import Status
from schemas.target import Target
from tasks.change_status import change_status
from tasks.draft_notifications import draft_notifications
from tasks.freeze_target import freeze_target
from tasks.isolate_service import isolate_service
from tasks.open_restricted_channel import open_restricted_channel
from tasks.page_breach_teams import page_breach_teams
from tasks.preserve_service_state import preserve_service_state
from tasks.revoke_credentials import revoke_credentials
from tasks.start_clocks import start_clocks


@runbook("data-breach")
def data_breach(response: Response) -> None:
    """Page security and privacy, whatever the severity; contain the breach; prepare the notices.

    Nothing is rolled back, not even for P1: that would destroy the evidence.
    """
    response.start(page_breach_teams)
    response.start(open_restricted_channel)
    escalate(response)
    attempt_all(
        partial(contain_breach, response),
        partial(prepare_notices, response),
    )


def contain_breach(response: Response) -> None:
    """Every target that is hit; mitigated only when all of them are contained."""
    targets = response.targets
    if not targets:
        response.note(
            f"nothing was contained: no configured target has the service"
            f" '{response.incident.service}'; isolate it and revoke its credentials by hand"
        )
        return
    attempt_all(*(partial(contain_target, response, target) for target in targets))
    contained = " and ".join(target.name for target in targets)
    response.do(change_status, Status.MITIGATED, f"the breach of {contained} is contained")


def contain_target(response: Response, target: Target) -> None:
    """Evidence first, then the way out is closed; what may have leaked is of no use any more."""
    services = response.services_of(target)
    if response.route.rollback:
        response.note(
            f"{target.name} is not rolled back: that would destroy the evidence of the breach"
        )
    attempt_all(
        partial(response.do, preserve_service_state, target.name, services, "before-isolation"),
        partial(response.do, isolate_service, target.name, services),
        partial(response.do, freeze_target, target.name),
        partial(response.do, revoke_credentials, target.name),
    )


def prepare_notices(response: Response) -> None:
    """The law's deadlines run, whether or not anything could be contained."""
    attempt_all(
        partial(response.do, start_clocks),
        partial(response.do, draft_notifications),
    )
