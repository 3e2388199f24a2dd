"""The store of incidents: its whole public interface in one class."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select

from schemas.automation import Act, Automation, Begun, Limit, Mode, Word
from schemas.errors import AeefError
from schemas.figures import Moment
from schemas.incident import (
    DEFAULT_ROUTES,
    Alert,
    AuditEntry,
    Grouping,
    Incident,
    IncidentType,
    Look,
    PostMortem,
    Routes,
    Severity,
    Status,
    TypeSource,
    dedup_key_for,
)
from schemas.masking import Masker
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.base.home import make_home
from tasks.store import fingerprints, giving_word, opening
from tasks.store.approvals import Approvals
from tasks.store.attaching import Opened, Typed
from tasks.store.audit import general
from tasks.store.audit.anchors import Anchor, Anchors
from tasks.store.audit.audit import AuditLog, Clock
from tasks.store.audit.reader import ChainReader
from tasks.store.audit.summary import AuditSummary
from tasks.store.audit.verify import machines_here, verified_at, verify_audit
from tasks.store.automation import acts, words
from tasks.store.calendar import CalendarReviews
from tasks.store.claims import Claim, Claims
from tasks.store.corrective import CorrectiveActions
from tasks.store.database.database import Database
from tasks.store.database.disk import Reserve
from tasks.store.database.lease_clock import Boot, lease_clock_of, this_boot
from tasks.store.database.migrate import migrate
from tasks.store.database.tables import audit_head
from tasks.store.database.writable import Written, check_written, write_and_read
from tasks.store.escalations.escalations import Escalations
from tasks.store.giving_word import Answer
from tasks.store.grouping.digests import Collected, UntoldDigest, collect, notified, untold
from tasks.store.grouping.ending import Ended, end_alert
from tasks.store.grouping.listed import ListedAlert, alerts_of
from tasks.store.grouping.stays import Settled, flapping_ones, settle_flaps
from tasks.store.incidents import Incidents
from tasks.store.lifecycle.lifecycle import Lifecycle
from tasks.store.masking_key import masking_key
from tasks.store.moments.reading import MomentsOnRecord
from tasks.store.once import LEASE, Turn, once
from tasks.store.outbox import Outbox, OutboxEvent
from tasks.store.owners import turns
from tasks.store.owners.takeovers import TakeOver, take_over, times_taken_over
from tasks.store.people.keys import PeopleKeys
from tasks.store.processes import ProcessReport, report_process, reported
from tasks.store.records import incident_of
from tasks.store.recoveries import Recoveries
from tasks.store.relapses import (
    AskedLook,
    Looked,
    LookState,
    lease_looks,
    look_state,
    looks_due,
    relapse_now,
    settle_look,
)
from tasks.store.retention import Retention
from tasks.store.reviews import Reviews
from tasks.store.senders.heard import HeardSenders
from tasks.store.senders.refused import RefusedBodies
from tasks.store.tallies import Count, Tallies
from tasks.store.waiting import untaken
from tasks.store.waiting.overdue import missing_claim, missing_runbook
from tasks.store.waiting.untaken import UntakenPage, WaitingPage
from tasks.store.webhooks.deliveries import Deliveries

RELAPSE_WITHIN = timedelta(hours=1)

log = logging.getLogger("aeef.store")


class Store:
    """The incident store. Threads may share one; every method is one transaction.

    An incident id may be given as its short number (`1284`, `#1284`), or by its beginning.
    Every method may raise IncidentNotFound, and, for database problems, ConfigurationError,
    TemporaryError or PermanentError.

    All texts from people and senders are masked here, so that no caller can forget it.
    """

    def __init__(
        self,
        url: str,
        anchors_path: Path,
        clock: Clock | None = None,
        masker: Masker | None = None,
        relapse_within: timedelta = RELAPSE_WITHIN,
        reserve: Reserve | None = None,
        boot: Boot | None = None,
    ) -> None:
        """Open and migrate the database. clock, boot: for tests; masker: None: no masking.

        relapse_within: how long after its end an incident may relapse.
        reserve: freed when the disk is full.
        """
        self._masker = masker
        self._within = relapse_within
        self._database = Database(url)
        if reserve:
            self._database.make_room = reserve.release
        try:
            migrate(self._database)
            self._database.lease_now = (
                lease_clock_of(self._database, boot or this_boot(), clock or utc_now)
                if boot or clock is None
                else partial(_leases_by, clock)
            )
        except BaseException:
            self._database.close()
            raise
        clock = clock or utc_now
        self._anchors = Anchors(anchors_path, self._database.label)
        self._clock = clock
        self._log = AuditLog(self._database, self._anchors, clock)
        self.chain = ChainReader(self._database)
        self._incidents = Incidents(self._log)
        self._claims = Claims(self._database, clock)
        self._outbox = Outbox(self._database, clock)
        self.escalations = Escalations(self._log)
        self.approvals = Approvals(self._log, self.masked_text)
        self.recoveries = Recoveries(self._log, self.masked_text)
        self.lifecycle = Lifecycle(self._log, self.masked_text)
        self.moments = MomentsOnRecord(self._database)
        self.tallies = Tallies(self._database)
        self.calendar = CalendarReviews(self._log, self.masked_json)
        self.reviews = Reviews(self._log, self.masked_text)
        self.corrective = CorrectiveActions(self._log, self.masked_text)
        self.retention = Retention(self._log, self.masked_text)
        self.refused = RefusedBodies(self._database, clock)
        self.heard = HeardSenders(self._database, clock)
        self.people_keys = PeopleKeys(self._log)
        self.webhooks = Deliveries(self._database)
        self._own_secrets: Mapping[str, str] = {}

    def close(self) -> None:
        """Close every connection; `open_store` opens a new store."""
        with _lock:
            for key in [key for key, store in _stores.items() if store is self]:
                del _stores[key]
        self._database.close()

    def ping(self) -> None:
        """Raise when the database does not answer."""
        with self._database.read() as connection:
            connection.execute(select(audit_head.c.seq)).first()

    def database_time(self) -> datetime | None:
        """The time by the database's own clock; None when it has none of its own."""
        if self._database.is_sqlite:
            return None
        with self._database.read() as connection:
            found: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            return found

    def write_and_read(self, name: str) -> None:
        """Raise when a row cannot be written and read back. name: who asks."""
        write_and_read(self._database, name)

    def check_written(self, settings: Settings, name: str) -> Written:
        """Whether alerts could be recorded: writes and reads back. name: who asks."""
        return check_written(self._database, settings, name)

    # Incidents

    def open_or_attach(
        self,
        alert: Alert,
        incident_type: IncidentType,
        severity: Severity,
        *,
        announce: bool = True,
        source: TypeSource = TypeSource.SENDER,
        guessed_from: str = "",
        may_relapse: bool = True,
        also: Collection[str] = (),
        new_id: UUID | None = None,
        grouping: Grouping = opening.UNGROUPED,
    ) -> Opened:
        """Attach the alert to the open incident with its dedup key or of its group, or open one.

        Attaching notes the repetition in the timeline, adds a new service, and raises the
        severity (never lowers it); if it rises, the incident is announced again for the stronger
        runbook. An alert that names one occurrence also attaches to an incident that is over.
        A type by somebody's word settles one that was only guessed.
        When its incident is mitigated, or was resolved lately, it may be a second outage: then
        the returned `look` is due, stored in the same transaction (see `lease_looks`).
        announce: announce a new incident to Prefect; False when a run there opens it itself.
        source, guessed_from: who says that it is of this type, as `classify` has it.
        also: services; an open incident of the same type about one of them is the same trouble,
        whatever its key. new_id: of a new incident, unless there is one with it.
        may_relapse: False for an alert that reports no outage.
        grouping: which alerts are one incident; what its sender ended and reports again soon comes
        back as the same occurrence (see `settle_flaps`).
        """
        masked = self.masked(alert)
        opened = opening.open_or_attach(
            self._log,
            masked,
            Typed(incident_type, source, self.masked_text(guessed_from)),
            severity,
            announce,
            self._within if may_relapse else None,
            also,
            new_id,
            grouping,
        )
        return opened._replace(masked=masked is not alert)

    def open_with_id(
        self, incident_id: UUID, alert: Alert, incident_type: IncidentType, severity: Severity
    ) -> Opened:
        """Open the record for an event from another emitter, once per id.

        Nothing is announced, as the event already exists. If another open incident has the same
        dedup key, both stay, and the audit log of this one names the other.
        """
        masked = self.masked(alert)
        opened = opening.open_with_id(self._log, incident_id, masked, incident_type, severity)
        return opened._replace(masked=masked is not alert)

    def end_alert(
        self,
        alert: Alert,
        incident_type: IncidentType,
        grouping: Grouping = opening.UNGROUPED,
        routes: Routes = DEFAULT_ROUTES,
    ) -> Ended | None:
        """Its sender says that an alert is over: so is its incident when no other alert goes on.

        routes: where the incident's does not let the sender decide, it is proposed to people.
        None when no open incident has it, and for a delivery that was received before.
        """
        masked = self.masked(alert)
        key = dedup_key_for(masked, incident_type)
        entry = opening.delivery_entry(key, alert.delivery)
        return end_alert(self._log, masked, key, grouping, entry, routes)

    def alerts(self, incident_id: UUID | str) -> list[ListedAlert]:
        """The alerts of an incident, newest first; those that say the same together."""
        return alerts_of(self._database, incident_id)

    def settle_flaps(self, grouping: Grouping, routes: Routes = DEFAULT_ROUTES) -> list[Settled]:
        """What came back and stays relapses; what flapped and was quiet for long is over.

        routes: where the incident's does not let the sender decide, that is proposed to people.
        """
        return settle_flaps(self._log, grouping, routes)

    def flapping(self) -> list[tuple[Incident, str]]:
        """The open incidents that come and go, each with how often in how long."""
        return flapping_ones(self._log)

    def collect_page(
        self, incident: Incident, key: str, contact: str, *, above: int, within: timedelta
    ) -> Collected | None:
        """Whether a page is sent together with others, as there are too many; None: by itself."""
        return collect(self._log, incident, key, contact, above=above, within=within)

    def untold_digests(self) -> list[UntoldDigest]:
        """The digests with collected pages that nobody was notified of yet."""
        return untold(self._database)

    def digest_notified(self, digest: UntoldDigest) -> None:
        """Mark them as notified."""
        notified(self._database, digest, self._clock())

    def masked(self, alert: Alert) -> Alert:
        """The alert as it would be recorded; the same object if it has no identifiers."""
        return alert if self._masker is None else self._masker.alert(alert)

    def masked_text(self, text: str) -> str:
        """The text as it would be recorded, for use elsewhere, for example in errors."""
        return text if self._masker is None else self._masker.text(text)

    def masked_json(self, data: Any) -> Any:
        """JSON data as it would be recorded."""
        return data if self._masker is None else self._masker.json(data)

    def incident(self, incident_id: UUID | str) -> Incident:
        """One incident."""
        return self._incidents.get(incident_id)

    def incidents(
        self,
        *,
        status: Status | None = None,
        open_only: bool = False,
        limit: int = 100,
        before: UUID | str | None = None,
        to_review: Collection[Severity] | None = None,
    ) -> list[Incident]:
        """Incidents, newest first; before: only those opened before this one (for paging).

        to_review: only those of these severities that are not closed, which a review does.
        """
        return self._incidents.list(
            status=status, open_only=open_only, limit=limit, before=before, to_review=to_review
        )

    def alert(self, incident_id: UUID | str) -> Alert:
        """The alert that opened the incident."""
        return self._incidents.alert(incident_id)

    def record_action(
        self,
        incident_id: UUID | str,
        text: str,
        *,
        actor: str = "aeef-runbooks",
        automated: bool = True,
        entry_id: UUID | None = None,
        timestamp: datetime | None = None,
        in_record: bool = True,
        moment: Moment | None = None,
        occurrence: int | None = None,
        counts: Sequence[Count] = (),
    ) -> bool:
        """Add an action to record and audit log; with `in_record=False` only to the latter.

        moment: what has come with it, for the figures; the first time counts.
        occurrence: the one in which it has come; None: the present one. What comes late, of an
        earlier one, is no moment of the present one.
        counts: what is counted with it, if it is new.
        False, without a change, when `entry_id` exists already.
        """
        return self._incidents.record_action(
            incident_id,
            self.masked_text(text),
            actor=actor,
            automated=automated,
            entry_id=entry_id,
            timestamp=timestamp,
            in_record=in_record,
            moment=moment,
            occurrence=occurrence,
            counts=counts,
        )

    def record_general(
        self,
        text: str,
        *,
        actor: str,
        automated: bool,
        entry_id: UUID,
        timestamp: datetime | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> bool:
        """Add what belongs to no incident; False, without a change, when `entry_id` exists."""
        return general.record(
            self._log,
            self.masked_text(text),
            actor=actor,
            automated=automated,
            entry_id=entry_id,
            timestamp=timestamp,
            details=self.masked_json(dict(details or {})),
        )

    def general_entries(self, limit: int) -> list[AuditEntry]:
        """The newest entries of the audit log that belong to no incident."""
        return general.newest(self._log, limit)

    def set_status(
        self,
        incident_id: UUID | str,
        status: Status,
        *,
        actor: str,
        automated: bool = True,
        reason: str = "",
        entry_id: UUID | None = None,
    ) -> Incident:
        """Set a later status and announce it; the same or an earlier status does nothing.

        Nothing happens either when `entry_id` is already in the audit log.
        """
        return self._incidents.set_status(
            incident_id,
            status,
            actor=actor,
            automated=automated,
            reason=self.masked_text(reason),
            entry_id=entry_id,
        )

    def acknowledge(
        self, incident_id: UUID | str, *, actor: str, automated: bool = False
    ) -> Incident:
        """Set the status to investigating and announce it; once, and not after it is over.

        Once more after the severity rose, and when somebody is asked whether they are still on it.
        """
        return self.lifecycle.take(incident_id, actor=actor, automated=automated).incident

    def answer(
        self, incident_id: UUID | str, incident_type: IncidentType | None, *, actor: str
    ) -> Answer:
        """A person says of what type the incident is; None: of the one that was guessed.

        Once: the same answer again changes nothing. A type that has to be contained is announced
        again, so that its runbook goes on. Raises InvalidInput when it is over, when somebody's
        word stands already, or when nothing was guessed and no type is given.
        """
        return giving_word.answer(self._log, incident_id, incident_type, actor)

    def update(
        self,
        incident_id: UUID | str,
        *,
        actor: str,
        root_cause: str | None = None,
        post_mortem: PostMortem | None = None,
        add_services: Sequence[str] = (),
    ) -> Incident:
        """Add a person's findings to the record."""
        return self._incidents.update(
            incident_id,
            actor=actor,
            root_cause=None if root_cause is None else self.masked_text(root_cause),
            post_mortem=self._masked_post_mortem(post_mortem),
            add_services=[self.masked_text(service) for service in add_services],
        )

    def _masked_post_mortem(self, learned: PostMortem | None) -> PostMortem | None:
        if learned is None or self._masker is None:
            return learned
        return PostMortem.model_validate(self._masker.json(learned.to_json()))

    def timeline(self, incident_id: UUID | str) -> list[AuditEntry]:
        """The incident's entries in the audit log, in order."""
        return self._log.timeline(self.incident(incident_id).incident_id)

    def counts(self) -> dict[tuple[IncidentType, Severity, Status], int]:
        """The number of incidents of each type, severity and status."""
        return self._incidents.counts()

    def open_incidents_missing_claim(
        self,
        key: str,
        *,
        older_than: timedelta,
        severity: Severity | None = None,
        limit: int = 100,
    ) -> list[Incident]:
        """Open incidents older than this for which nobody did or is doing `key`; oldest first."""
        now = self._clock()
        return list(missing_claim(self._database, key, now, older_than, severity, limit))

    def open_incidents_missing_runbook(
        self, severity: Severity, *, older_than: timedelta, limit: int = 100
    ) -> list[Incident]:
        """Open incidents of this severity whose runbook nobody carried out or is carrying out.

        older_than: since they were opened, or since a guessed type became somebody's word.
        """
        now = self._clock()
        return list(missing_runbook(self._database, severity, now, older_than, limit))

    def open_incident_of(self, dedup_key: str) -> Incident | None:
        """The open incident that alerts with this dedup key attach to."""
        return self._incidents.open_one_of(self.masked_text(dedup_key))

    def open_incident_about(
        self, incident_type: IncidentType, services: Collection[str]
    ) -> Incident | None:
        """The oldest open incident of this type that affects one of the services."""
        with self._database.read() as connection:
            row = opening.open_one_about(connection, incident_type, services)
        return None if row is None else incident_of(row)

    def runbook_due_since(self, incident: Incident) -> datetime:
        """Since when its runbook has to run: its occurrence, or a word that came later."""
        began = self.opened_at(incident.incident_id)
        return max(began, incident.word_at or began)

    def opened_at(self, incident_id: UUID | str) -> datetime:
        """When the present occurrence was put on record, by our clock."""
        return self._incidents.opened_at(incident_id)

    # Relapses

    def lease_looks(
        self, limit: int = 50, lease: timedelta = timedelta(minutes=2)
    ) -> list[AskedLook]:
        """The looks that are due; nobody else gets them until the lease ends."""
        return lease_looks(self._log, limit, lease)

    def settle_look(self, asked: AskedLook, look: Look) -> tuple[Incident, Looked | None]:
        """Record what was seen, which may be a relapse; None when another look was faster."""
        masked = look.model_copy(update={"seen": self.masked_text(look.seen)})
        return settle_look(self._log, asked, masked, self._within)

    def look_state(self, incident_id: UUID | str) -> LookState:
        """Which alerts asked for a look at the incident's services, and what the last one saw."""
        return look_state(self._log, incident_id)

    def looks_due(self, older_than: timedelta = timedelta(0)) -> int:
        """The number of incidents that have waited longer than this for a look."""
        return looks_due(self._log, older_than)

    def relapse(
        self, incident_id: UUID | str, because: str, *, actor: str, resolved_too: bool = False
    ) -> Incident:
        """The relapse of a mitigated incident that was seen broken again; else nothing happens.

        resolved_too: also of a resolved one, while it is watched after its recovery.
        """
        said = self.masked_text(because)
        return relapse_now(self._log, incident_id, said, actor, resolved_too=resolved_too)

    # Claims

    def claim(self, incident_id: UUID | str, key: str, holder: str, lease: timedelta) -> Claim:
        """Claim something; only a caller that gets `held` may do it."""
        return self._claims.claim(incident_id, key, holder, lease)

    def once(
        self,
        incident_id: UUID | str,
        key: str,
        holder: str,
        *,
        lease: timedelta = LEASE,
        wait: bool = False,
        may_be_done: Callable[[BaseException], bool] = lambda _error: False,
    ) -> AbstractContextManager[Turn]:
        """Do something once, whoever asks: see `tasks.store.once`."""
        return once(self, incident_id, key, holder, lease=lease, wait=wait, may_be_done=may_be_done)

    def finish_claim(
        self, incident_id: UUID | str, key: str, holder: str, result: dict[str, Any]
    ) -> bool:
        """Mark it as done; False when somebody else finished it before."""
        return self._claims.finish(incident_id, key, holder, result)

    def release_claim(self, incident_id: UUID | str, key: str, holder: str) -> None:
        """Release it for the next caller; nothing happens when it is not the holder's."""
        self._claims.release(incident_id, key, holder)

    def claim_result(self, incident_id: UUID | str, key: str) -> dict[str, Any] | None:
        """The finished claim's result; None when it is not done."""
        claim = self.claims(incident_id).get(key)
        return None if claim is None else claim.result

    def claims(self, incident_id: UUID | str) -> Mapping[str, Claim]:
        """The state of every claim of the incident, by key."""
        return self._claims.all(incident_id)

    def incidents_with_claim(self, key: str) -> list[UUID]:
        """Every incident for which `key` is done, including those that are over, in order."""
        return self._claims.incidents_with(key)

    def unfinished_claims(self, key_prefix: str) -> list[tuple[UUID, str]]:
        """Incident and holder of every unfinished claim of an open incident."""
        return self._claims.unfinished(key_prefix)

    # Automation

    def set_automation(
        self,
        mode: Mode,
        *,
        target: str = "",
        why: str,
        actor: str,
        lasts: timedelta | None = None,
    ) -> Word:
        """A person says how the automation behaves; on the audit log.

        target: only for this one; empty: everywhere. lasts: None: until somebody says otherwise.
        """
        said = self.masked_text(why)
        return words.say(self._log, mode, target=target, why=said, actor=actor, lasts=lasts)

    def automation(self) -> Automation:
        """What people said of the automation's mode, as far as it holds now."""
        return words.standing(self._log)

    def begin_act(
        self,
        incident_id: UUID | str,
        act: Act,
        target: str,
        *,
        actor: str,
        limit: Limit | None,
    ) -> str | None:
        """Count an act that begins now; or why it must not begin, in words.

        limit: of automatic acts; None: a person's, which is only counted. What the present
        occurrence of an incident has begun in the last day is not counted again.
        """
        return acts.begin_act(self._log, incident_id, act, target, actor=actor, limit=limit)

    def begun_for(self, incident: Incident) -> list[str]:
        """What was begun by itself for the incident's present occurrence: `rollback of shop`."""
        return acts.begun_for(self._log, incident)

    def acts_begun(self, act: Act, target: str) -> list[Begun]:
        """The acts of one kind on a target in the last day, in order."""
        return acts.acts_begun(self._log, act, target)

    # Owners of runs and targets

    def take_over(self, run_id: UUID, death: UUID, most: int) -> TakeOver | None:
        """Count the take-over of a run that died; None when it is not to be taken over again."""
        return take_over(self._log, run_id, death, most)

    def times_taken_over(self, run_id: UUID, death: UUID | None = None) -> int:
        """How many deaths of this run were followed by a take-over, without this one's."""
        return times_taken_over(self._log, run_id, death)

    def begin_turn(self, target: str, holder: str) -> None:
        """Write down that the holder changes the target now."""
        turns.begin_turn(self._log, target, holder)

    def end_turn(self, target: str, holder: str) -> None:
        """Write down that the holder does so no longer."""
        turns.end_turn(self._log, target, holder)

    def changer_of(self, target: str) -> turns.Changer | None:
        """Who changes the target now; None: nobody has written so."""
        return turns.changer_of(self._log, target)

    # Pages that are still tried

    def save_untaken(self, page: UntakenPage) -> None:
        """Keep a page that nothing which rings has taken yet."""
        untaken.save_untaken(self._database, page)

    def drop_untaken(self, incident_id: UUID, key: str) -> None:
        """The page is not tried any longer."""
        untaken.drop_untaken(self._database, incident_id, key)

    def untaken_page(self, incident_id: UUID, key: str) -> UntakenPage | None:
        """What is kept of a page that is still tried."""
        return untaken.untaken_page(self._database, incident_id, key)

    def untaken_of(self, incident_id: UUID) -> list[UntakenPage]:
        """The incident's pages that are still tried."""
        return untaken.untaken_of(self._database, incident_id)

    def waiting_pages(self) -> list[WaitingPage]:
        """Every page that is still tried, the most urgent first, then the oldest."""
        return untaken.waiting_pages(self._database)

    def make_all_due(self) -> None:
        """Every page that is still tried is to be tried now."""
        untaken.make_all_due(self._database)

    def lease_now(self) -> datetime:
        """Now by the clock of leases, which does not jump; only differences mean something."""
        with self._database.read() as connection:
            return self._database.lease_now(connection)

    def acknowledged_at(self, incident_id: UUID | str) -> datetime | None:
        """When somebody took the present occurrence."""
        return self._incidents.acknowledged_at(incident_id)

    # Events for Prefect

    def emit(
        self,
        incident_id: UUID | str,
        event: str,
        payload: dict[str, Any],
        *,
        event_id: UUID | None = None,
        counts: Sequence[Count] = (),
    ) -> None:
        """Put an event into the outbox, once per `event_id`; then count what comes with it."""
        masked = self.masked_json(payload)
        self._incidents.emit(incident_id, event, masked, event_id, counts)

    def lease_events(
        self, holder: str, limit: int = 50, lease: timedelta = timedelta(seconds=30)
    ) -> list[OutboxEvent]:
        """Lease events to send, oldest first; nobody else gets them meanwhile.

        The same holder gets its own again: give each sender (process, thread) its own name.
        """
        return self._outbox.lease(holder, limit, lease)

    def events_sent(self, event_ids: Sequence[UUID]) -> None:
        """Mark these as delivered."""
        self._outbox.sent(event_ids)

    def events_failed(self, event_ids: Sequence[UUID], retry_at: datetime) -> None:
        """Mark these as not delivered; they are due again at `retry_at`."""
        self._outbox.failed(event_ids, retry_at)

    def pending_events(self, incident_id: UUID | None = None) -> int:
        """The number of events that are not yet sent; incident_id: only this one's."""
        return self._outbox.pending(incident_id)

    # Processes beside the intake

    def report_process(
        self, name: str, problems: Sequence[str], alike: Mapping[str, str] | None = None
    ) -> None:
        """Say that this process lives, why it cannot do its work, and what it runs (digests)."""
        report_process(self._database, name, problems, self._clock(), alike or {})

    def processes(self) -> dict[str, ProcessReport]:
        """The last report of each process, by name."""
        return reported(self._database)

    # Secrets that all machines must have alike

    def know_secrets(self, own: Mapping[str, str], machine: str) -> None:
        """Compare these fingerprints from now on; the first machine's are kept."""
        self._own_secrets = own
        fingerprints.keep_first(self._database, own, machine, self._clock())

    def foreign_secrets(self) -> dict[str, str]:
        """What this process has otherwise than the store, by name, each with its remedy."""
        return fingerprints.differing(self._database, self._own_secrets)

    def accept_secrets(self, machine: str) -> None:
        """Make this process's the store's."""
        fingerprints.replace(self._database, self._own_secrets, machine, self._clock())

    # Audit

    def verify_audit(self, *, full: bool = True) -> AuditSummary:
        """Recompute the audit chain. Raises AuditBroken that names the first broken link.

        full: everything; else what is new since the last time, which is all the first time.
        """
        return verify_audit(self._database, self._anchors, self._clock(), full=full)

    def audit_full_at(self) -> datetime | None:
        """When everything was recomputed on this machine; None: never."""
        return self.audit_verified_at(full=True)

    def audit_verified_at(self, *, full: bool = False) -> datetime | None:
        """When it was verified on this machine; full: all of it; None: never."""
        return verified_at(self._anchors, self._database, full=full)

    @property
    def machine(self) -> str:
        """This machine, as entries name it."""
        return self._anchors.machine

    def own_anchors(self) -> list[Anchor]:
        """The anchors of this machine. Raises AuditBroken when the file was changed."""
        return list(self._anchors.read())

    def machines_here(self, entries: Sequence[AuditEntry]) -> set[str]:
        """Those whose evidence lies here, of the ones that entries name: a file has one machine."""
        return machines_here(entries, self._anchors, self._database)

    def accept_missing_anchors(self, reason: str, *, actor: str) -> AuditEntry:
        """Put on record why anchors are missing; verifying does not ask for them any longer."""
        return self._log.accept_missing_anchors(self.masked_text(reason), actor)

    def changed_since(self, seq: int) -> tuple[int, set[UUID]]:
        """The newest entry's number, and the incidents with entries after this one."""
        return self._log.changed_since(seq)

    def audit_head(self) -> tuple[int, str]:
        """Number and hash of the newest audit entry."""
        return self._log.head()


def _leases_by(clock: Clock, _connection: Connection) -> datetime:
    return clock()


_stores: dict[tuple[int, str, Path, str], Store] = {}
_lock = threading.Lock()


def _new_lock() -> None:
    global _lock  # noqa: PLW0603 (a fork may have happened while another thread held it)
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_new_lock)


def open_store(settings: Settings) -> Store:
    """The store of these settings, one per process; the first call creates what is missing.

    Raises ConfigurationError when AEEF_HOME or the database cannot be used.
    """
    masking = settings.masking.model_dump_json()
    within = timedelta(seconds=settings.relapse.within)
    key = (os.getpid(), settings.database, settings.home, f"{masking} {within}")
    with _lock:
        store = _stores.get(key)
        if store is None:
            make_home(settings.home)
            masking_with = masking_key(settings)
            masker = Masker(settings.masking, masking_with)
            store = Store(
                settings.database,
                settings.anchors_path,
                masker=masker,
                relapse_within=within,
                reserve=Reserve(settings.home, settings.disk.reserve),
            )
            _stores[key] = store
            _compare_secrets(store, settings, masking_with)
    return store


def _compare_secrets(store: Store, settings: Settings, key: bytes) -> None:
    """Say at the start that masks differ from other machines'. No reason not to page."""
    try:
        own = fingerprints.fingerprints_of(settings, key)
        store.know_secrets(own, fingerprints.machine_of(settings))
        for remedy in store.foreign_secrets().values():
            log.warning("%s", remedy)
    except AeefError as error:
        log.debug("secrets were not compared: %s", error)
