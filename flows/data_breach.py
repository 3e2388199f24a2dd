"""Runbook: personal data is exposed, or was read by somebody who may not."""

from __future__ import annotations

from functools import partial

from flows.attempt_all import attempt_all
from flows.escalate import escalate
from flows.runbook import Response, runbook
from schemas.incident import Status
from tasks.change_status import change_status
from tasks.draft_notifications import draft_notifications
from tasks.freeze_target import freeze_target
from tasks.open_restricted_channel import open_restricted_channel
from tasks.page_breach_teams import page_breach_teams
from tasks.revoke_credentials import revoke_credentials
from tasks.start_clocks import start_clocks


@runbook("data-breach")
def data_breach(response: Response) -> None:
    """Page security and privacy, whatever the severity; contain the breach and prepare notices.

    Evidence is kept before anything is changed; nothing is rolled back, not even for P1: that
    would destroy what is left of it.
    """
    response.start(page_breach_teams)
    escalate(response)
    response.start(open_restricted_channel)
    attempt_all(
        partial(contain, response),
        partial(prepare_notifications, response),
    )


def prepare_notifications(response: Response) -> None:
    """The law's deadlines run whether or not anything could be contained."""
    attempt_all(
        partial(response.do, start_clocks),
        partial(response.do, draft_notifications),
    )


def contain(response: Response) -> None:
    """Keep, freeze, revoke: each is tried, whatever becomes of the others."""
    target = response.target
    if target is None:
        response.note(
            f"nothing was contained: no configured target has the service"
            f" '{response.incident.service}'; isolate it and revoke its credentials by hand"
        )
        return
    if response.route.rollback:
        response.note(
            f"{target.name} is not rolled back: that would destroy evidence, and it is frozen"
        )
    attempt_all(
        partial(response.do, freeze_target, target.name),
        partial(response.do, revoke_credentials, target.name),
    )
    response.do(change_status, Status.MITIGATED, f"the breach of {target.name} is contained")
