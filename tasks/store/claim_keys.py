"""The keys of all claims; a claim is the right to do one thing for an incident once.

Keys are stored in the database with their incident, so none of them may change.
"""

from __future__ import annotations

from uuid import UUID

from schemas.incident import Incident, Severity, SlackChannel

RUNBOOK = "runbook:"
EMERGENCY_PATCH = "emergency-patch"
"""An incident's emergency patch runs beside its runbook."""

PAGE = "page:"
PAGES_RESOLVED = "page:resolved"
PAGE_NOT_STARTED = "page:not-started"
PAGE_FAILED_BY_HAND = "page:failed:by-hand"
CLOCK = "clock:"
"""Prefix of the subject of a regulatory clock's page, which rings on when the incident is over."""
CLOCK_PAGE = f"{PAGE}{CLOCK}"

TICKET = "ticket"
SLACK_MESSAGE = "slack"
SLACK_CHANGE = "slack-change"
"""Changing the messages, one process at a time; never done, as there may be more to change."""
SLACK_RESTRICTED_MESSAGE = "slack-restricted"
"""The message in the restricted channel of a data breach."""
PROGRESS = "progress:"
OWNER_MESSAGE = "owner-told"
RESTRICTED_CHANNEL = "breach-channel"

CLOCKS_STARTED = "clock:started"
CLOCK_CHANGE = "clock:change:"
CLOCK_RING = "clock:ring:"
DRIFT_NOTED = "drift:noted:"


def runbook_key(incident: Incident, beside: str | None = None) -> str:
    """The runbook at the incident's present severity: it runs again when the severity rises.

    beside: the name of another flow that runs once per incident.
    """
    return f"{RUNBOOK}{beside or incident.severity}"


def page_key(incident: Incident) -> str:
    """The page of this incident's present severity."""
    return f"{PAGE}{incident.severity}"


def team_page_key(team: str) -> str:
    """The page of a breach team, `security` or `privacy`."""
    return f"{PAGE}{team}"


def failure_key(run_id: UUID) -> str:
    """The page about a failed run of the automation; one per run."""
    return f"{PAGE}failed:{run_id}"


def approval_key(run_id: UUID, number: int) -> str:
    """The page that asks for a decision; one for each time that a run asks."""
    return f"{PAGE}approve:{run_id}:{number}"


def about_of(key: str) -> str:
    """The subject of a page: empty for the incident itself, else what rings separately."""
    about = key.removeprefix(PAGE)
    return "" if about in set(Severity) else about


def keep_alive_key(channel: str) -> str:
    """The re-sending of the incident's alert in this channel, before it expires."""
    return f"{channel}:keep-alive"


def slack_message_key(place: SlackChannel) -> str:
    """The message in a channel other than the first: after its severity rose, for instance."""
    return f"{SLACK_MESSAGE}:{place.value}"


def slack_update_key(digest: str, *, restricted: bool = False) -> str:
    """One reply in the incident's thread, or in the thread of its restricted message."""
    return f"slack-update:{'restricted:' if restricted else ''}{digest}"


def revocation_key(target: str, command: str) -> str:
    """One command that revokes credentials of a target."""
    return f"revoke:{target}/{command}"


def clock_ring_key(clock: str, due: str, point: str) -> str:
    """The notification by one timer of a regulatory clock (`regime/deadline`)."""
    return f"{CLOCK_RING}{clock}:{due}:{point}"


def clock_page_key(clock: str, due: str, point: str) -> str:
    """The page of that timer."""
    return f"{CLOCK_PAGE}{clock}:{due}:{point}"
