"""The dispatcher's loops: it sends events to Prefect, watches runs, and says whether they start."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from uuid import uuid4

import httpx
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import (
    PREFECT_API_REQUEST_TIMEOUT,
    PREFECT_CLIENT_MAX_RETRIES,
    temporary_settings,
)

from deployments.dispatcher.approved_runs import ApprovedRuns
from deployments.dispatcher.asked_retries import AskedRetries
from deployments.dispatcher.between_owners import BetweenOwners
from deployments.dispatcher.events_out import EventsOut
from deployments.dispatcher.held_slots import HeldSlots
from deployments.dispatcher.intervals import USUAL, Timing
from deployments.dispatcher.levers import LeverWatch
from deployments.dispatcher.prefect_state import PrefectState
from deployments.dispatcher.run_watch import RunWatch
from deployments.prefect_server.onto_record import put_on_record
from deployments.prefect_server.spool import Spool
from schemas.errors import AeefError
from schemas.settings import Settings
from tasks.armed.alike import alike_of
from tasks.base.wake_up import Sleeper
from tasks.store import Store

REQUEST_SECONDS = 10.0
"""A server that hangs must not hold up a round for Prefect's own sixty seconds."""
SOON = {PREFECT_API_REQUEST_TIMEOUT: REQUEST_SECONDS, PREFECT_CLIENT_MAX_RETRIES: 0}
"""Each loop asks again by itself: Prefect's client would first try for two minutes."""
REPORT_SECONDS = 5.0
MISSING_SECONDS = 1.0
PEOPLE_SECONDS = 2.0
LONGEST_NAME = 255

log = logging.getLogger("aeef.dispatcher")


class Dispatcher:
    """Loops, each in a thread of its own: none waits for another's answer."""

    def __init__(self, settings: Settings, store: Store, timing: Timing = USUAL) -> None:
        self.settings = settings
        self.store = store
        self.events = EventsOut(store, f"dispatcher {uuid4()}", timing.longest_wait)
        self.runs = RunWatch(settings, store, timing)
        self.between = BetweenOwners(settings, store)
        self.slots = HeldSlots(settings, store)
        self._prefect = PrefectState(settings)
        self.approved = ApprovedRuns(settings, store)
        self.retries = AskedRetries(store)
        self._levers = LeverWatch(settings)
        self._name = f"dispatcher {socket.gethostname()} {settings.home}"[:LONGEST_NAME]
        self._alike = alike_of(settings)
        self._people = Spool(settings)
        self._sleeper = Sleeper(settings.dispatcher_pipe)
        self._stopping = threading.Event()
        self._problems: list[str] = ["Prefect was not asked yet"]
        self._threads = [
            threading.Thread(target=self._loop, args=loop, name=loop[0].__name__, daemon=True)
            for loop in (
                (self._send, timing.dispatch, self._sleeper.sleep),
                (self._watch, timing.watch, self._stopping.wait),
                (self._watch_owners, timing.watch, self._stopping.wait),
                (self._look, timing.look, self._until_next_look),
                (self._report, REPORT_SECONDS, self._stopping.wait),
                (self._put_on_record, PEOPLE_SECONDS, self._stopping.wait),
            )
        ]

    def run(self, until: threading.Event) -> None:
        """Do the work until the event is set."""
        for thread in self._threads:
            thread.start()
        until.wait()
        self._stopping.set()
        self._sleeper.wake()
        for thread in self._threads:
            thread.join(2 * REQUEST_SECONDS)
        for each in (self.events, self.between, self.slots, self._prefect):
            each.close()
        self._sleeper.close()

    def _send(self) -> None:
        self.events.run()
        self.approved.run()
        self.retries.run()

    def _watch(self) -> None:
        self.runs.start_missing_runbooks()

    def _watch_owners(self) -> None:
        self.between.run()
        self.slots.run()

    def _put_on_record(self) -> None:
        put_on_record(self._people, self.store)

    def _look(self) -> None:
        found = self._prefect.problems()
        changed, self._problems = found != self._problems, found
        if changed:
            self._report()
        if not found:
            self._levers.run()

    def _until_next_look(self, seconds: float) -> None:
        """While something is missing, it is looked at oftener: people wait for it."""
        self._stopping.wait(min(seconds, MISSING_SECONDS) if self._problems else seconds)

    def _report(self) -> None:
        """Say to the intake, in the store, that this process lives and what it found."""
        mine = [self.events.problem] if self.events.problem else []
        self.store.report_process(self._name, [*mine, *self._problems], self._alike)

    def _loop(
        self, work: Callable[[], object], seconds: float, wait: Callable[[float], object]
    ) -> None:
        # Prefect's settings belong to a context, and each thread has its own.
        with ExitStack() as held:
            held.enter_context(temporary_settings(SOON))
            while not self._stopping.is_set():
                try:
                    work()
                except (httpx.HTTPError, PrefectHTTPStatusError) as error:
                    # Prefect does not answer: that is reported, and said in the log of events.
                    log.debug("%s: %s", work.__name__, type(error).__name__)
                except AeefError as error:
                    log.error("%s", error)
                except Exception:
                    log.exception("%s failed; it goes on", work.__name__)
                wait(seconds)
