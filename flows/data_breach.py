"""Runbook: personal data is exposed, or was read by somebody without permission."""

from __future__ import annotations

from functools import partial

from flows.parts.isolate import isolate, prepare_isolation
from flows.parts.notify import notify
from flows.parts.response import Response
from flows.parts.runbook import runbook
from schemas.incident import Status
from schemas.settings import Target
from tasks.base.attempt_all import attempt_all
from tasks.breach.clocks.draft_notifications import draft_notifications
from tasks.breach.clocks.start_clocks import start_clocks
from tasks.breach.open_restricted_channel import open_restricted_channel
from tasks.breach.page_breach_teams import page_breach_teams
from tasks.breach.revoke_credentials import foresee_revocation, revoke_credentials
from tasks.deploy.freeze_target import foresee_freeze, freeze_target
from tasks.incident.change_status import change_status


def prepare(response: Response) -> None:
    """On a guess: reach the same people, keep evidence, say what would be done, and draft."""
    notify_of_breach(response)
    attempt_all(
        *(partial(prepare_target, response, target) for target in targets_of(response)),
        partial(response.do, draft_notifications),
    )


def only_notify(response: Response) -> None:
    """While the automation is off: reach the same people; the law's clocks do not stop for that."""
    notify_of_breach(response)
    if response.incident.has_word:
        response.do(start_clocks)


@runbook("data-breach", prepares=prepare, notifies=only_notify)
def data_breach(response: Response) -> None:
    """Page security and privacy, whatever the severity; contain the breach; prepare the notices."""
    notify_of_breach(response)
    attempt_all(
        partial(contain_breach, response),
        partial(prepare_notices, response),
    )


def notify_of_breach(response: Response) -> None:
    """Page both teams, open the restricted channel, and notify the people of the route."""
    response.start(page_breach_teams)
    response.start(open_restricted_channel)
    notify(response)


def contain_breach(response: Response) -> None:
    """Contain every affected target; mitigated only when all of them are contained."""
    targets = targets_of(response)
    if not targets:
        return
    attempt_all(*(partial(contain_target, response, target) for target in targets))
    contained = " and ".join(target.name for target in targets)
    response.do(change_status, Status.MITIGATED, f"{contained} is isolated and frozen")


def targets_of(response: Response) -> list[Target]:
    """The affected targets; when there is none, it is on record that nothing is contained."""
    if not response.targets:
        response.note(
            f"nothing was contained: no configured target has the service"
            f" '{response.incident.service}'; isolate it and revoke its credentials by hand"
        )
    return response.targets


def contain_target(response: Response, target: Target) -> None:
    """Isolate the target first, then freeze it and revoke credentials that may have leaked."""
    attempt_all(
        partial(isolate, response, target),
        partial(response.do, freeze_target, target.name),
        partial(response.do, revoke_credentials, target.name),
    )


def prepare_target(response: Response, target: Target) -> None:
    """Keep evidence of the target, and record what `contain_target` would do."""
    attempt_all(
        partial(prepare_isolation, response, target),
        partial(response.do, foresee_freeze, target.name),
        partial(response.do, foresee_revocation, target.name),
    )


def prepare_notices(response: Response) -> None:
    """Start the clocks and draft the notifications, even if nothing could be contained."""
    attempt_all(
        partial(response.do, start_clocks),
        partial(response.do, draft_notifications),
    )
