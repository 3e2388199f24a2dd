"""Everything that people see of one incident, gathered from the record and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.incident import AuditEntry, Incident, Progress
from schemas.lifecycle import Standing
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.deploy.change import Change
from tasks.store import Store
from tasks.store.automation.said import said_of
from tasks.store.progress import states_of
from tasks.view.bar import Bar, bar_of
from tasks.view.cards import Card, cards_of
from tasks.view.sentence import Held, held_of, sentences_of
from tasks.view.steps import ShownStep, steps_of

MOST_ENTRIES = 25
LONGEST_ENTRY = 300


class Entry(NamedTuple):
    """One entry of the timeline, its text trimmed. is_bad: something failed."""

    entry: AuditEntry
    said: str
    is_bad: bool


class Seen(NamedTuple):
    """One incident as people see it at one moment. older: entries that are not in `timeline`."""

    incident: Incident
    bar: Bar
    sentences: list[str]
    steps: list[ShownStep]
    cards: list[Card]
    timeline: list[Entry]
    older: int
    held: Held
    now: datetime


def look_at(
    incident: Incident,
    store: Store,
    settings: Settings,
    *,
    changes: Sequence[Change] = (),
    every_entry: bool = False,
) -> Seen:
    """The incident as it is now. changes: what is known of its releases, to name them."""
    now = utc_now()
    states = states_of(store, incident.incident_id)
    timeline = store.timeline(incident.incident_id)[::-1]
    shown = timeline if every_entry else timeline[:MOST_ENTRIES]
    return Seen(
        incident=incident,
        bar=bar_of(incident, store, settings, now),
        sentences=[
            *_sentences(incident, states, settings, now, changes),
            *_proposed(store.lifecycle.standing(incident.incident_id)),
        ],
        steps=steps_of(incident, states),
        cards=cards_of(incident, store, settings, now),
        timeline=[_entry(each, None if every_entry else LONGEST_ENTRY) for each in shown],
        older=len(timeline) - len(shown),
        held=held_of(incident, states),
        now=now,
    )


def sentences_now(incident: Incident, store: Store, settings: Settings) -> list[str]:
    """How it stands, for the list and for messages."""
    states = states_of(store, incident.incident_id)
    return _sentences(incident, states, settings, utc_now(), ())


def _sentences(
    incident: Incident,
    states: Sequence[Progress],
    settings: Settings,
    now: datetime,
    changes: Sequence[Change],
) -> list[str]:
    names = {(each.target, each.commit): each.name for each in changes}

    def named(target: str, commit: str) -> str:
        known = (name for (t, c), name in names.items() if t == target and c.startswith(commit))
        return next(known, "")

    automation = "" if incident.status.is_over else said_of(incident, settings)
    return sentences_of(incident, states, now, named=named, automation=automation)


def _proposed(standing: Standing) -> list[str]:
    """That somebody says it is over, for people to decide."""
    if standing.proposed_by is None:
        return []
    why = f", for {standing.proposed_why}" if standing.proposed_why else ""
    return [f"{standing.proposed_by} says that it is over; it stays open{why}: resolve it or not"]


def _entry(entry: AuditEntry, longest: int | None) -> Entry:
    text = entry.action
    if longest is not None and len(text) > longest:
        text = f"{text[: longest - 1].rstrip()}…"
    return Entry(entry, text, entry.action.startswith(("FAILED", "NOBODY", "nobody was paged")))
