"""The intake's metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest

from deployments.intake.metrics.of_record import OfRecord
from deployments.intake.metrics.of_us import OfUs
from schemas.settings import Settings
from tasks.store import Store

KNOWN_SOURCES = {"alertmanager", "api", "cli", "findings", "github", "grafana", "prefect"}
NOT_ALLOWED = {401: "unknown", 403: "not-allowed", 429: "too-often"}
"""Answers to somebody who may not do what they ask for."""


class Metrics:
    """Counters of this process, and what is read from the store at each scrape."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(OfUs(store, settings))
        self._registry.register(OfRecord(store))
        self._alerts = Counter(
            "aeef_alerts_accepted", "Alerts made durable", ["source"], registry=self._registry
        )
        self._refused = Counter(
            "aeef_messages_refused",
            "Messages of senders that were refused",
            ["sender", "reason"],
            registry=self._registry,
        )
        self._attempts = Counter(
            "aeef_attempts_refused",
            "Requests that were refused, as nobody knows who asks, or as they may not",
            ["reason"],
            registry=self._registry,
        )
        for reason in NOT_ALLOWED.values():
            self._attempts.labels(reason)
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

    def answered(self, status: int) -> None:
        """Count an answer if it refused somebody."""
        if reason := NOT_ALLOWED.get(status):
            self._attempts.labels(reason).inc()

    def render(self) -> tuple[bytes, str]:
        """The page, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
