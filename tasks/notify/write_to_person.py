"""Writes to one person in Slack: directly, else where others of the incident read it, too."""

from __future__ import annotations

from schemas.errors import OutsideServiceError
from schemas.incident import Incident, SlackChannel
from schemas.people import everybody, name_on_record
from schemas.settings import Settings
from tasks.base.storable import first_line
from tasks.channels.slack import client as slack
from tasks.channels.slack.message import reply_in_thread

LONGEST_PROBLEM = 120


def write_to_person(
    person: str, text: str, incident: Incident, settings: Settings, holder: str
) -> str:
    """Where it was said, in words. person: a name, or as on record.

    To the `slack` of `[people.NAME]`; else in the incident's thread, or in the channel for
    information. Raises OutsideServiceError when Slack takes it nowhere.
    """
    name = name_on_record(person)
    known = everybody(settings.people).get(name)
    problem = "no 'slack' in [people]"
    if known and known.slack:
        try:
            slack.write_to(known.slack, text, settings)
        except OutsideServiceError as error:
            # What may have arrived is said once more where others read it, too: never not at all.
            problem = first_line(f"not directly: {error}", LONGEST_PROBLEM)
        else:
            return "in Slack"
    to = f"{known.called if known else name}: {text}"
    if reply_in_thread(str(incident.incident_id), to, settings, holder=holder):
        return f"in the incident's thread ({problem})"
    channel = settings.slack.channels[SlackChannel.INFO]
    slack.write_to(channel, to, settings)
    return f"in {channel} ({problem})"
