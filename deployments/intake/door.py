"""The door: stores an alert, pages at once, and lets the dispatcher know."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

from deployments.intake.beside.escalation_watch import EscalationWatch
from deployments.intake.beside.escalations import Escalations
from deployments.intake.beside.fair_pool import FairPool, claimant_of
from deployments.intake.beside.flaps import Flaps
from deployments.intake.beside.looks import Looks
from deployments.intake.beside.ringing import Ringing
from deployments.intake.beside.sweep import Sweep
from deployments.intake.beside.unrecorded import Unrecorded
from deployments.intake.beside.webhooks import Webhooks
from deployments.intake.health import Health
from deployments.intake.intervals import USUAL, Timing
from schemas.errors import AeefError, TemporaryError
from schemas.incident import ENDED_AS_SEEN, Alert, Incident, Severity, classify, route_for
from schemas.settings import Settings
from tasks.base.wake_up import wake
from tasks.breach.page_breach_teams import ensure_breach_pages
from tasks.incident.keep_original import keep_original
from tasks.notify.notify_digest import notify_digests
from tasks.notify.page_on_call import ensure_page
from tasks.notify.show_progress import show
from tasks.notify.show_proposal import show_proposal
from tasks.notify.stand_down import resolve_page
from tasks.store import Opened, Store
from tasks.store.database.failures import is_of_the_store
from tasks.store.grouping.ending import Ended

PAGES_AT_ONCE = 16
URGENT_AT_ONCE = 64
"""Pages of P1: each waits for its pager in a thread of its own, and is told elsewhere meanwhile."""

log = logging.getLogger("aeef.door")


class Door:
    """What the intake does with an alert, and the threads that look, sweep and check."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        timing: Timing = USUAL,
        current: Callable[[], Settings] | None = None,
    ) -> None:
        """current: the settings as they are now, for what may be newer than the intake's start."""
        self.settings = settings
        self.store = store
        self.sweep = Sweep(settings, store, self._page, timing)
        self._still_ringing: set[UUID] = set()
        classify(Alert(description="-"))  # compiles the phrases: the first page need not wait
        # A P1 must not queue behind a storm's other pages.
        self._urgent = FairPool(URGENT_AT_ONCE, "page P1")
        self._pool = FairPool(PAGES_AT_ONCE, "page")
        # Behind a pager that is dead, what is over must not hold up what begins.
        self._over = FairPool(PAGES_AT_ONCE, "stand down")
        now = current or (lambda: settings)
        self.looks = Looks(store, now, self._relapsed)
        self.flaps = Flaps(settings, store, self._relapsed, self._page_beside, self._ended)
        self.ringing = Ringing(store, now, self._urgent, self._pool)
        self.escalations = Escalations(store, now)
        self.webhooks = Webhooks(store, now, timing.webhook_waits)
        self.escalation_watch = EscalationWatch(store, self._page, timing)
        self._beside = ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="page unrecorded")
        self.unrecorded = Unrecorded(settings, store, self._beside)
        self.health = Health(settings, store, lambda: self.works, self.escalation_watch.problem)
        self._wake_looks = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=loop, name=loop[0].__qualname__, daemon=True)
            for loop in (
                (self._look, timing.look, self._wake_looks),
                (self.ringing.run, timing.ring, self._stopping),
                (self._sweep, timing.sweep, self._stopping),
                (self.escalations.run, timing.escalate, self._stopping),
                (self.escalation_watch.run, timing.watch, self._stopping),
                (self._notify_digests, timing.sweep, self._stopping),
                (self.health.run, timing.health, self._stopping),
                (self.webhooks.run, timing.webhooks, self._stopping),
            )
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the threads, and wait until queued pages are sent."""
        self._stopping.set()
        self._wake_looks.set()
        for thread in self._threads:
            thread.join()
        self.looks.close()
        self.escalations.close()
        self.webhooks.close()
        for pool in (self._urgent, self._pool, self._over):
            pool.close()
        self._beside.shutdown(wait=True)

    @property
    def works(self) -> bool:
        """True while all threads are alive."""
        return all(thread.is_alive() for thread in self._threads)

    def severity_of(self, alert: Alert) -> Severity:
        """The severity that the alert's incident will have."""
        settings = self.settings
        return classify(alert, settings.rules, settings.default_severities).severity

    def not_recorded(self, alert: Alert, why: str) -> None:
        """Page for an alert that cannot be put on record, which its sender is asked to repeat."""
        settings = self.settings
        triage = classify(alert, settings.rules, settings.default_severities)
        self.unrecorded.page(alert, triage, why)

    def dispatch_now(self) -> None:
        """Have accepted incidents sent to Prefect now instead of within a second."""
        wake(self.settings.dispatcher_pipe)

    def accept(self, alert: Alert) -> Opened:
        """Open the alert's incident, or attach it to the open one. Durable on return.

        The page is sent in the background: the sender does not wait for PagerDuty. The event is
        sent with `dispatch_now`. So is the look at the services of an incident that is mitigated
        or was resolved lately: the question is durable, and a relapse pages.
        What cannot be recorded is paged all the same, and its error raised: the sender repeats it.
        """
        settings = self.settings
        triage = classify(alert, settings.rules, settings.default_severities)
        with self.unrecorded.unless_recorded(alert, triage) as left_as:
            opened = self.store.open_or_attach(
                alert,
                triage.type,
                triage.severity,
                source=triage.source,
                guessed_from=triage.guessed_from,
                also=settings.same_trouble(triage.type, alert.service),
                grouping=settings.grouping_of(triage.type, alert.service),
                new_id=left_as,
            )
        incident = opened.incident
        if opened.is_new or opened.severity_raised or opened.word_given:
            self._notify(incident)
        elif opened.has_news:
            self._pool.submit(claimant_of(incident), show, str(incident.incident_id), settings)
        self.unrecorded.recorded(alert, triage, opened)
        keep_original(opened, alert, settings)
        if opened.look is not None or opened.flaps:
            self._wake_looks.set()
        return opened

    def _notify(self, incident: Incident, reason: str | None = None) -> None:
        """Page whom the incident's route and type name, in the background."""
        route = route_for(incident.severity, incident.type, self.settings.routes)
        if route.page:
            pool = self._urgent if incident.severity is Severity.P1 else self._pool
            pool.submit(claimant_of(incident), self._page, incident, reason)
        if incident.is_restricted:
            self._urgent.submit(claimant_of(incident), self._page_breach_teams, incident)

    def _page_beside(self, incident: Incident, reason: str, key: str) -> None:
        self._urgent.submit(claimant_of(incident), self._page, incident, reason, key)

    def _ended(self, incident: Incident) -> None:
        """By its sender's word: it is over, or that is proposed to people, and it rings on."""
        if incident.status.is_over:
            self._over.submit(claimant_of(incident), self._stand_down, incident.incident_id)
            self.dispatch_now()
        else:
            self._pool.submit(claimant_of(incident), show_proposal, incident, self.settings)

    def _relapsed(self, incident: Incident, reason: str) -> None:
        self._notify(incident, reason)
        self.dispatch_now()

    def resolve(self, alert: Alert, *, as_seen: bool = False) -> Ended | None:
        """End an alert; what became of its incident, None when there is none.

        as_seen: we saw it ourselves, so that nobody has to take a sender's word for it.
        """
        settings = self.settings
        triage = classify(alert, settings.rules, settings.default_severities)
        grouping = settings.grouping_of(triage.type, alert.service)
        routes = ENDED_AS_SEEN if as_seen else settings.routes
        ended = self.store.end_alert(alert, triage.type, grouping, routes)
        if ended is not None and (ended.is_over or ended.proposed):
            self._ended(ended.incident)
        return ended

    def _page(self, incident: Incident, reason: str | None = None, key: str | None = None) -> None:
        """Send a page now; a failure is logged, and the sweep tries again."""
        holder = f"door {uuid4()}"
        try:
            ensure_page(incident.incident_id, self.settings, holder=holder, key=key, reason=reason)
        except AeefError as error:
            log.error("%s", error)
            if key is None and is_of_the_store(error):
                self.unrecorded.page_of(incident, str(error))
        except Exception:
            log.exception("a page for %s failed", incident.title)
        # The page's event waits for the next round: Prefect is busy creating the incident's run.

    def _page_breach_teams(self, incident: Incident) -> None:
        """Page security and privacy; a failure is only logged: a step of the flow ensures it."""
        holder = f"door {uuid4()}"
        try:
            ensure_breach_pages(incident.incident_id, self.settings, holder=holder)
        except AeefError as error:
            log.error("%s", error)
        except Exception:
            log.exception("paging security and privacy for %s failed", incident.title)

    def _stand_down(self, incident_id: UUID) -> None:
        """Try to resolve the page now; Prefect's flow `resolution` ensures it."""
        try:
            resolve_page(incident_id, self.settings, holder=f"door {uuid4()}")
        except TemporaryError as error:
            log.info("%s; it is tried again", error)
            self._still_ringing.add(incident_id)
            return
        except AeefError as error:
            log.error("%s", error)
        except Exception:
            log.exception("resolving the page of %s failed", incident_id)
        self._still_ringing.discard(incident_id)

    def _sweep(self) -> None:
        for incident_id in list(self._still_ringing):
            self._stand_down(incident_id)
        self.sweep.run()

    def _notify_digests(self) -> None:
        notify_digests(self.settings, self.store)

    def _look(self) -> None:
        self._wake_looks.clear()
        self.looks.run()
        self.flaps.run()

    def _loop(self, work: Callable[[], object], seconds: float, wake: threading.Event) -> None:
        while not self._stopping.is_set():
            try:
                work()
            except AeefError as error:
                log.error("%s", error)
            except Exception:
                log.exception("%s failed; it goes on", work.__qualname__)
            wake.wait(seconds)
