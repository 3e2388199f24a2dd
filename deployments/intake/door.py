"""The door: makes an alert durable, pages at once, and hands the incident to Prefect."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

from deployments.intake.dispatch import Dispatcher
from deployments.intake.intervals import USUAL, Timing
from deployments.intake.sweep import Sweep
from schemas.errors import AeefError, TemporaryError
from schemas.incident import Alert, Incident, Severity, Status, classify, dedup_key_for, route_for
from schemas.settings import Settings
from tasks.breach.page_breach_teams import ensure_breach_pages
from tasks.incident.keep_original import keep_original
from tasks.notify.page_on_call import ensure_page
from tasks.notify.stand_down import resolve_page
from tasks.store import Opened, Store, delivery_entry

PAGES_AT_ONCE = 16

log = logging.getLogger("aeef.door")


class Door:
    """What the intake does with an alert, and the thread that sees to what was left undone."""

    def __init__(self, settings: Settings, store: Store, timing: Timing = USUAL) -> None:
        self.settings = settings
        self.store = store
        self.dispatcher = Dispatcher(store, f"intake {uuid4()}", timing.dispatch_wait)
        self.sweep = Sweep(settings, store, self._page, timing)
        self._still_ringing: set[UUID] = set()
        # In a storm a P1 must not wait behind the pages of others.
        self._urgent = ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="page P1")
        self._pool = ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="page")
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=loop, name=loop[0].__qualname__, daemon=True)
            for loop in (
                (self._dispatch, timing.dispatch, self._wake),
                (self._sweep, timing.sweep, self._stopping),
            )
        ]

    def start(self) -> None:
        """Start the thread that dispatches events, and the one that sweeps."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the pages that are being sent, and stop."""
        self._stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join()
        self.dispatcher.close()
        for pool in (self._urgent, self._pool):
            pool.shutdown(wait=True)

    @property
    def works(self) -> bool:
        """True while both threads live."""
        return all(thread.is_alive() for thread in self._threads)

    def severity_of(self, alert: Alert) -> Severity:
        """The severity that the alert's incident will have."""
        settings = self.settings
        return classify(alert, settings.triage_rules, settings.default_severities).severity

    def dispatch_now(self) -> None:
        """Hand what was accepted to Prefect; it would be done within a second anyway."""
        self._wake.set()

    def accept(self, alert: Alert) -> Opened:
        """Open the alert's incident, or attach it to the open one. Durable on return.

        The page leaves in the background: nobody waits for PagerDuty. The event leaves with
        `dispatch_now`.
        """
        settings = self.settings
        triage = classify(alert, settings.triage_rules, settings.default_severities)
        opened = self.store.open_or_attach(alert, triage.type, triage.severity)
        keep_original(opened, alert, settings)
        incident = opened.incident
        route = route_for(incident.severity, incident.type, settings.routes)
        if (opened.is_new or opened.severity_raised) and route.page:
            pool = self._urgent if incident.severity is Severity.P1 else self._pool
            pool.submit(self._page, incident)
        if (opened.is_new or opened.severity_raised) and incident.is_restricted:
            self._urgent.submit(self._page_breach_teams, incident)
        return opened

    def resolve(self, alert: Alert) -> Incident | None:
        """The sender says that its alert is over: so is its incident. None when we know none."""
        settings = self.settings
        triage = classify(alert, settings.triage_rules, settings.default_severities)
        key = dedup_key_for(self.store.masked(alert), triage.type)
        incident = self.store.open_incident_of(key)
        if incident is None:
            return None
        incident = self.store.set_status(
            incident.incident_id,
            Status.RESOLVED,
            actor=alert.source,
            reason="the alert is over",
            entry_id=delivery_entry(key, alert.delivery),
        )
        if not incident.status.is_over:  # an old message again: the alert has come back since
            return None
        self._pool.submit(self._stand_down, incident.incident_id)
        self._wake.set()
        return incident

    def _page(self, incident: Incident, reason: str | None = None, key: str | None = None) -> None:
        """Send a page, now; what fails is on the log, and the sweep tries it again."""
        holder = f"door {uuid4()}"
        try:
            ensure_page(incident.incident_id, self.settings, holder=holder, key=key, reason=reason)
        except AeefError as error:
            log.error("%s", error)
        except Exception:
            log.exception("a page for %s failed", incident.title)
        # Its event waits for the next round: Prefect is busy making the run for the incident.

    def _page_breach_teams(self, incident: Incident) -> None:
        """The flow's step ensures it: here what fails is only on the log."""
        holder = f"door {uuid4()}"
        try:
            ensure_breach_pages(incident.incident_id, self.settings, holder=holder)
        except AeefError as error:
            log.error("%s", error)
        except Exception:
            log.exception("paging security and privacy for %s failed", incident.title)

    def _stand_down(self, incident_id: UUID) -> None:
        """Resolve the page. Prefect's flow `resolution` ensures it; here nobody waits for that."""
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

    def _dispatch(self) -> None:
        self._wake.clear()
        self.dispatcher.run()

    def _loop(self, work: Callable[[], object], seconds: float, wake: threading.Event) -> None:
        while not self._stopping.is_set():
            try:
                work()
            except AeefError as error:
                log.error("%s", error)
            except Exception:
                log.exception("%s failed; it goes on", work.__qualname__)
            wake.wait(seconds)
