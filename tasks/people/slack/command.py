"""`/aeef …` in Slack: the verbs of the command line, for the same people, on the same record."""

from __future__ import annotations

from schemas.errors import AeefError, InvalidInput
from schemas.incident import Incident
from schemas.links import links_for
from schemas.settings import Settings
from tasks.channels.slack.interactive.requests import Command
from tasks.people.acts import PERSON_ACTS
from tasks.people.slack.acting import do_once, in_words, known, reading
from tasks.people.slack.mentions import without_markup
from tasks.people.slack.words import fields_of, read_fields, usage
from tasks.store import open_store
from tasks.store.escalations.taken import taken_in_words

MOST_LISTED = 15


def answer_command(command: Command, settings: Settings, *, request: str) -> str:
    """Do what was typed; the answer for whoever typed it. request: identifies it.

    Never raises AeefError: what is wrong is the answer.
    """
    verb, _, words = without_markup(command.text, settings).strip().partition(" ")
    try:
        if verb in ("", "help"):
            known(command.user, settings)
            return _help(command.command)
        if verb in ("list", "ls"):
            reading(command.user, settings)
            return _list(settings)
        return _act(verb, words, command, settings, request)
    except AeefError as error:
        return in_words(error, settings)


def _act(verb: str, words: str, command: Command, settings: Settings, request: str) -> str:
    known(command.user, settings)
    act = PERSON_ACTS.get(verb)
    if act is None:
        raise InvalidInput(f"there is no {verb[:40]!r}: {command.command} help says what there is")
    fields = fields_of(act.asks)
    incident_id, _, rest = words.strip().partition(" ")
    if not incident_id:
        raise InvalidInput(f"which one? {command.command} {verb} NUMBER {usage(fields)}")
    given = read_fields(rest, fields)
    return do_once(
        verb, incident_id.removeprefix("#"), given, command.user, settings, request=request
    )


def _help(name: str) -> str:
    lines = [
        f"{name} {act.name} NUMBER {usage(fields_of(act.asks))}".rstrip() + f": {act.does}"
        for act in PERSON_ACTS.values()
    ]
    return "\n".join([f"{name} list: what is open", *lines])


def _list(settings: Settings) -> str:
    found = open_store(settings).incidents(limit=200, open_only=True)
    found.sort(key=lambda each: (each.severity, each.began_at))
    if not found:
        return "Nothing is open."
    lines = [_line(each, settings) for each in found[:MOST_LISTED]]
    if more := len(found) - MOST_LISTED:
        lines += [f"and {more} more: {settings.base_url}/incidents"] if more > 0 else []
    return "\n".join(lines)


def _line(incident: Incident, settings: Settings) -> str:
    taken = taken_in_words(incident, settings) or "nobody has it"
    return f"{incident.title}: {incident.status}, {taken}; {links_for(incident, settings).incident}"
