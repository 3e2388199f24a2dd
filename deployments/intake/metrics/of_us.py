"""How it stands now: what waits, what is late, whether our own parts work. Read at each scrape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from deployments.intake.intervals import USUAL
from schemas.automation import Mode
from schemas.errors import ConfigurationError
from schemas.settings import Settings
from tasks.armed.lever import Outcome
from tasks.armed.table import read_table
from tasks.store import Store


class OfUs(Collector):
    """Gauges of this installation."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._home = settings.home

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each gauge with its values."""
        yield self._incidents()
        store = self._store
        late = len(store.escalations.late(USUAL.escalation_late))
        yield _one("aeef_looks_waiting", "Incidents that wait for a look", store.looks_due())
        yield self._automation()
        yield _one("aeef_escalations_late", "Steps that should have been done by now", late)
        pages = len(store.waiting_pages())
        yield _one("aeef_pages_waiting", "Pages that nothing which rings has taken", pages)
        waiting = store.pending_events()
        yield _one("aeef_events_waiting", "Events that Prefect has not got yet", waiting)
        yield self._webhooks()
        yield from self._dispatcher()
        yield from self._audit()
        yield from self._levers()

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: it would ask the store when the intake starts."""
        return iter(())

    def _incidents(self) -> GaugeMetricFamily:
        found = GaugeMetricFamily(
            "aeef_incidents", "Incidents on record", labels=["type", "severity", "status"]
        )
        for labels, count in self._store.counts().items():
            found.add_metric([str(label) for label in labels], count)
        return found

    def _automation(self) -> GaugeMetricFamily:
        found = GaugeMetricFamily(
            "aeef_automation",
            "1: the automation has this mode; target empty: where nothing else was said",
            labels=["target", "mode"],
        )
        with suppress(ConfigurationError):  # nobody knows: no value, rather than none of any
            present = self._store.automation()
            for target in ("", *present.targets):
                for mode in Mode:
                    found.add_metric([target, mode], int(present.of(target).mode is mode))
        return found

    def _webhooks(self) -> GaugeMetricFamily:
        """Of each webhook, also 0: what is away cannot be alerted on."""
        found = GaugeMetricFamily(
            "aeef_webhook_events",
            "Events that a receiver has not taken yet (waiting), or never took (dead)",
            labels=["webhook", "state"],
        )
        for state in self._store.webhooks.states():
            found.add_metric([state.webhook, "waiting"], state.waiting)
            found.add_metric([state.webhook, "dead"], state.dead)
        return found

    def _dispatcher(self) -> Iterator[GaugeMetricFamily]:
        """The newest report of any dispatcher: one that works is enough."""
        seen = [each.seen_at for each in self._store.processes().values()]
        if seen:
            at = max(map(datetime.fromisoformat, seen)).timestamp()
            yield _one("aeef_dispatcher_seen_timestamp_seconds", "A dispatcher's last report", at)

    def _audit(self) -> Iterator[GaugeMetricFamily]:
        """Nothing before it was verified here: 0 would say 1970."""
        words = {False: "The audit log was verified last", True: "All of it was recomputed last"}
        for full, word in words.items():
            if at := self._store.audit_verified_at(full=full):
                name = f"aeef_audit_{'fully_' if full else ''}verified_timestamp_seconds"
                yield _one(name, word, at.timestamp())

    def _levers(self) -> Iterator[GaugeMetricFamily]:
        """Nothing before they were tried: 0 would be a false alarm, and 1 a lie."""
        if (table := read_table(self._home)) is None:
            return
        armed = GaugeMetricFamily(
            "aeef_lever_armed", "1: it worked when it was tried last; 0: not", labels=["lever"]
        )
        for row in table.rows:
            if row.outcome is not Outcome.NOT_CONFIGURED:
                armed.add_metric([row.lever], int(row.outcome is Outcome.ARMED))
        yield armed
        at = table.at.timestamp()
        yield _one("aeef_levers_tried_at", "When the levers were tried last", at)


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)
