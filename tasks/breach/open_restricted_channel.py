"""Opens a private Slack channel for those who work on a data breach."""

from __future__ import annotations

from schemas.errors import PermanentError
from schemas.incident import Incident
from tasks.case import Case
from tasks.channels.slack import client as slack
from tasks.channels.slack.message import ensure_restricted_message
from tasks.channels.slack.private_channels import ensure_private_channel, invite
from tasks.step import step, verbatim
from tasks.store.claim_keys import RESTRICTED_CHANNEL


@step("open a restricted channel", says=verbatim, timeout=300)
def open_restricted_channel(case: Case) -> str:
    """Create the channel, invite the members, and post what is known there, each once.

    Raises OutsideServiceError when Slack fails; members who could not be invited are named
    after the rest was done.
    """
    settings = case.settings
    if not slack.configured(settings):
        return "no restricted channel was opened: Slack is not configured"
    name = channel_name(case.incident)
    with case.once(RESTRICTED_CHANNEL) as turn:
        if turn.is_mine:
            turn.finish({"channel": ensure_private_channel(name, settings)})
    channel = str(turn.result["channel"])
    members = settings.breach.members
    problems = invite(channel, members, settings)
    ensure_restricted_message(channel, case.incident, settings, holder=case.holder)
    if problems:
        raise PermanentError(
            "Slack", f"{name} is open, but not everyone could be invited: {'; '.join(problems)}"
        )
    invited = f"{len(members)} invited" if members else "nobody is named in [breach] members"
    return f"opened the restricted Slack channel {name}; {invited}"


def channel_name(incident: Incident) -> str:
    """The channel's name: lower case, and practically unique."""
    return f"breach-{incident.incident_id.hex[:8]}"
