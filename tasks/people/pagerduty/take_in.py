"""What people do in PagerDuty, done here once: each event of a webhook, whenever it comes."""

from __future__ import annotations

from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from schemas.errors import (
    IncidentNotFound,
    InvalidInput,
    NotAllowed,
    NotPossibleNow,
    TemporaryError,
)
from schemas.incident import Incident, Phase, route_for
from schemas.lifecycle import Disposition, why_not_by_sender
from schemas.people import Actor, Method
from schemas.settings import Settings
from tasks.channels.pagerduty.keys import Ours, read_dedup_key
from tasks.channels.pagerduty.webhook import Heard
from tasks.notify.show_proposal import show_proposal
from tasks.people.acts import perform
from tasks.people.known_people import by_pagerduty
from tasks.people.pagerduty.order import is_old, of_an_earlier_page
from tasks.people.pagerduty.words import in_words
from tasks.store import Store, open_store
from tasks.store.claim_keys import (
    pagerduty_event_key,
    pagerduty_incident_key,
    takes_the_incident,
)
from tasks.store.progress import progress_of

NOBODY = Actor("PagerDuty", Method.PAGERDUTY)
"""PagerDuty by itself: an acknowledgement ran out, its own escalation went on."""

NOT_SAID = "not said: it was resolved in PagerDuty"


class Taken(NamedTuple):
    """What came of a webhook. said: for whoever reads PagerDuty's log of webhooks."""

    said: str
    is_ignored: bool = False

    @property
    def in_words(self) -> dict[str, str]:
        """The answer."""
        return {"ignored" if self.is_ignored else "done": self.said}


def take_in(heard: Heard, settings: Settings) -> Taken:
    """Do or note what happened in PagerDuty; the same event again changes nothing.

    Raises TemporaryError while another process is at it: PagerDuty sends it again.
    """
    store = open_store(settings)
    ours = _which(heard, store)
    if ours is None:
        return Taken("it is about no page of ours", is_ignored=True)
    key, holder = pagerduty_event_key(heard.id), f"pagerduty {uuid4()}"
    with store.once(ours.incident_id, key, holder) as turn:
        if turn.state == "busy":
            raise TemporaryError("this event", "is being taken in already", retry_after=2)
        if turn.is_mine:
            said = _Event(heard, ours, settings).take_in()
            turn.finish(
                {"said": said, "kind": heard.kind, "of": ours.about,
                 "at": heard.occurred_at.isoformat()}
            )  # fmt: skip
    return Taken(str(turn.result.get("said", "")))


def _which(heard: Heard, store: Store) -> Ours | None:
    """The incident and the page that it is about; None: none of ours.

    By the dedup key that we sent. A note only refers to PagerDuty's incident: it is found by what
    was heard of that one before.
    """
    theirs = pagerduty_incident_key(heard.their_incident)
    if ours := read_dedup_key(heard.data.incident_key):
        try:
            store.incident(ours.incident_id)
        except IncidentNotFound:
            return None
        store.finish_claim(ours.incident_id, theirs, "pagerduty", {"about": ours.about})
        return ours
    for incident_id in store.incidents_with_claim(theirs) if heard.their_incident else ():
        known = store.claim_result(incident_id, theirs) or {}
        return Ours(incident_id, str(known.get("about", "")))
    return None


class _Event:
    """One event, at the incident that it is about."""

    def __init__(self, heard: Heard, ours: Ours, settings: Settings) -> None:
        self.heard = heard
        self.about = ours.about
        self.settings = settings
        self.store = open_store(settings)
        self.incident: Incident = self.store.incident(ours.incident_id)
        agent = heard.agent
        by = by_pagerduty(agent.id, agent.called, settings) if agent else NOBODY
        self.actor = by if heard.by_a_person else NOBODY

    def take_in(self) -> str:
        """Do it, or note it; what came of it."""
        if self.heard.kind == "triggered":
            return "our own page"
        if self.heard.kind == "acknowledged":
            return self._acknowledged()
        if self.heard.kind == "unacknowledged":
            return self._unacknowledged()
        if self.heard.kind == "resolved":
            return self._resolved()
        return self._note()

    def _acknowledged(self) -> str:
        if not self.heard.by_a_person:
            return "this was no person: most likely what we sent ourselves"
        if why := self._does_not_count():
            return self._note(why)
        return self._perform("ack")

    def _unacknowledged(self) -> str:
        if why := self._does_not_count():
            return self._note(why)
        if not (self.heard.by_a_person or self._was_taken_there()):
            # Its acknowledgement was our own, for somebody who took it elsewhere: they have it.
            return self._note("an acknowledgement ran out there; who has it here has it")
        return self._perform("unack", reason=in_words(self.heard))

    def _resolved(self) -> str:
        if self.incident.status.is_over:
            return "it is over here, too"
        if not self.heard.by_a_person:
            return self._note("by no person: it stays open here")
        if why := self._does_not_count():
            return self._note(why)
        # Whoever resolves it is there: nobody else has to be called.
        self._perform("ack")
        if why := self._stays_open():
            self._propose(why)
            return self._note(f"proposed here: {why}")
        return self._perform("resolve", disposition=Disposition.FIXED, root_cause=NOT_SAID)

    def _stays_open(self) -> str:
        """Why a resolution there is only proposed here; empty: the route lets it end it."""
        incident = self.incident
        route = route_for(incident.severity, incident.type, self.settings.routes)
        states = progress_of(incident.incident_id, self.settings)
        failed = any(each.phase in (Phase.FAILED, Phase.STOPPED) for each in states)
        return why_not_by_sender(incident, route, is_taken=True, has_failed=failed)

    def _propose(self, why: str) -> None:
        of = self.incident.incident_id
        outcome = self.store.lifecycle.propose(of, by=self.actor.on_record, why=why)
        if outcome.changed:
            show_proposal(outcome.incident, self.settings)

    def _was_taken_there(self) -> bool:
        owner = self.store.lifecycle.standing(self.incident.incident_id).owner or ""
        return owner.endswith(f"({Method.PAGERDUTY})")

    def _does_not_count(self) -> str:
        """Why it changes nothing, for people; empty: it does."""
        if not takes_the_incident(self.about):
            return "this page is about something else than who has the incident"
        if self.incident.status.is_over:
            return "the incident was over"
        if of_an_earlier_page(self.heard, self.about, self.incident, self.store):
            return "of an earlier page: it has paged anew since, which this does not answer"
        if is_old(self.heard, self.about, self.incident.incident_id, self.store):
            return "heard late: what came after it counts"
        return ""

    def _perform(self, name: str, **given: str) -> str:
        of = str(self.incident.incident_id)
        try:
            return perform(name, of, given, self.actor, self.settings).said
        except (NotAllowed, NotPossibleNow, InvalidInput) as error:
            return self._note(f"it changes nothing: {error}")

    def _note(self, why: str = "") -> str:
        said = in_words(self.heard, why)
        self.store.record_action(
            self.incident.incident_id,
            said,
            actor=self.actor.on_record if self.heard.by_a_person else NOBODY.name,
            automated=not self.heard.by_a_person,
            entry_id=_entry_id(self.heard.id),
        )
        return said


def _entry_id(event_id: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"aeef:pagerduty/{event_id}")
