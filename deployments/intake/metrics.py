"""The intake's metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from deployments.intake.intervals import USUAL
from schemas.automation import Mode
from schemas.errors import ConfigurationError
from tasks.armed.lever import Outcome
from tasks.armed.table import read_table
from tasks.store import Store

KNOWN_SOURCES = {"alertmanager", "api", "cli", "findings", "github", "grafana", "prefect"}


class Metrics:
    """Counters of this process, and gauges read from the store at each scrape."""

    def __init__(self, store: Store, home: Path) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_StoreCollector(store, home))
        self._alerts = Counter(
            "aeef_alerts_accepted", "Alerts made durable", ["source"], registry=self._registry
        )
        self._refused = Counter(
            "aeef_messages_refused",
            "Messages of senders that were refused",
            ["sender", "reason"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "aeef_alert_accept_seconds", "From read to durable", registry=self._registry
        )

    @contextmanager
    def accepting(self, source: str) -> Iterator[None]:
        """Time and count one alert; only accepted alerts are counted."""
        with self._seconds.time():
            yield
        # Senders choose their own source: only known names become label values.
        known = source if source in KNOWN_SOURCES else "other"
        self._alerts.labels(known).inc()

    def refused(self, sender: str, reason: str) -> None:
        """Count one message that was refused; both are of a small set of words."""
        self._refused.labels(sender, reason).inc()

    def render(self) -> tuple[bytes, str]:
        """The page, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class _StoreCollector(Collector):
    def __init__(self, store: Store, home: Path) -> None:
        self._store = store
        self._home = home

    def collect(self) -> Iterator[GaugeMetricFamily]:
        incidents = GaugeMetricFamily(
            "aeef_incidents",
            "Incidents on record",
            labels=["type", "severity", "status"],
        )
        for labels, count in self._store.counts().items():
            incidents.add_metric([str(label) for label in labels], count)
        yield incidents
        relapses = GaugeMetricFamily("aeef_relapses", "Second and later occurrences on record")
        relapses.add_metric([], self._store.relapses())
        yield relapses
        looks = GaugeMetricFamily("aeef_looks_waiting", "Incidents that wait for a look")
        looks.add_metric([], self._store.looks_due())
        yield looks
        automation = GaugeMetricFamily(
            "aeef_automation",
            "1: the automation has this mode; target empty: where nothing else was said",
            labels=["target", "mode"],
        )
        with suppress(ConfigurationError):  # nobody knows: no value, rather than none of any
            present = self._store.automation()
            for target in ("", *present.targets):
                for mode in Mode:
                    automation.add_metric([target, mode], int(present.of(target).mode is mode))
        yield automation
        late = GaugeMetricFamily("aeef_escalations_late", "Steps that should have been done by now")
        late.add_metric([], len(self._store.escalations.late(USUAL.escalation_late)))
        yield late
        pages = GaugeMetricFamily("aeef_pages_waiting", "Pages that nothing which rings has taken")
        pages.add_metric([], len(self._store.waiting_pages()))
        yield pages
        waiting = GaugeMetricFamily("aeef_events_waiting", "Events that Prefect has not got yet")
        waiting.add_metric([], self._store.pending_events())
        yield waiting
        yield self._webhooks()
        yield from self._levers()

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
        tried = GaugeMetricFamily("aeef_levers_tried_at", "When the levers were tried last")
        tried.add_metric([], table.at.timestamp())
        yield tried

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())
