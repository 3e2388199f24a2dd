"""Lets people read what a run does: notes it, and changes the incident's messages."""

from __future__ import annotations

from schemas.errors import AeefError
from schemas.incident import Phase
from schemas.settings import Settings
from tasks.base.network.deadline import deadline, seconds_left
from tasks.channels.slack.changes import change_messages, overdue_changes
from tasks.step import log_line
from tasks.store.progress import note_progress, progress_of
from tasks.store.sanitize import sanitized

ROUND_SECONDS = 10.0


def show_progress(
    incident_id: str, settings: Settings, *, flow: str, mark: str, phase: Phase, said: str = ""
) -> None:
    """Note what a run does, and let the incident's messages say it.

    flow: the flow's name. mark: of this attempt of this run; the same again changes nothing.
    said: sentences of the record, or what is waited for. Never raises: a message that cannot be
    changed now does not hold up the response, and the sweep changes it later.
    """
    note(incident_id, settings, flow=flow, mark=mark, phase=phase, said=said)
    show(incident_id, settings)


def note(
    incident_id: str, settings: Settings, *, flow: str, mark: str, phase: Phase, said: str
) -> None:
    """Note what a run does, without showing it. Never raises."""
    try:
        note_progress(incident_id, settings, flow=flow, mark=mark, phase=phase, said=said)
    except AeefError as error:
        log_line(sanitized(f"it could not be noted what is done: {error}", settings))


def show_end_of_run(incident_id: str, settings: Settings, *, run_id: str, said: str) -> None:
    """Let the messages say that a run failed which died before it could. Never raises."""
    try:
        working = [
            each
            for each in progress_of(incident_id, settings)
            if each.phase is Phase.WORKING and each.mark.startswith(run_id)
        ]
    except AeefError as error:
        log_line(sanitized(f"it could not be looked up what a run did: {error}", settings))
        return
    for each in working:
        mark = f"{each.mark}:ended"
        show_progress(
            incident_id, settings, flow=each.flow, mark=mark, phase=Phase.FAILED, said=said
        )


def show(incident_id: str, settings: Settings) -> None:
    """Let the incident's messages say what the record holds now. Never raises."""
    try:
        change_messages(incident_id, settings)
    except AeefError as error:
        log_line(sanitized(f"the message could not be changed yet: {error}", settings))


def show_overdue(settings: Settings) -> None:
    """Change the messages that could not be changed when something happened.

    For a while only: when the service hangs, whoever calls this has other things to do.
    """
    with deadline(ROUND_SECONDS):
        for incident_id in overdue_changes(settings):
            if seconds_left() == 0:
                return
            show(incident_id, settings)
