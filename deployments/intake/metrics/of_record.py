"""What has happened since the record began: counters and histograms, read from the store's sums.

They grow with no restart and no second intake, and cost the same however many incidents there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, product

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from schemas.figures import COUNTERS, HISTOGRAMS
from schemas.figures.counters import BUCKETS, SEVERITIES, TYPES
from tasks.store import Store
from tasks.store.tallies import SUM

Sums = list[tuple[dict[str, str], float]]


class OfRecord(Collector):
    """Counters and histograms of everything on record, drills left out.

    Each is there with 0 before it has counted anything: Prometheus sees no growth from nothing.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        """Each family with its values."""
        sums = self._store.tallies.all()
        for counter in COUNTERS:
            family = CounterMetricFamily(counter.name, counter.words, labels=[*counter.labels])
            values = {tuple(each.values()): 0.0 for each in counter.all_labels()}
            for labels, value in sums.get(counter.name, []):
                values[tuple(labels[name] for name in counter.labels)] = value
            for of, value in values.items():
                family.add_metric(of, value)
            yield family
        for name, words in HISTOGRAMS.values():
            yield _histogram(name, words, sums.get(name, []), sums.get(name + SUM, []))

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Nothing: it would ask the store when the intake starts."""
        return iter(())


def _histogram(name: str, words: str, counted: Sums, seconds: Sums) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        name, f"Seconds from the detection {words}", labels=["severity", "type"]
    )
    bounds = [*(str(float(each)) for each in BUCKETS), "+Inf"]
    found = {(each["severity"], each["type"], each["le"]): value for each, value in counted}
    sums = {(each["severity"], each["type"]): value for each, value in seconds}
    for of in product(SEVERITIES, TYPES):
        totals = accumulate(found.get((*of, bound), 0.0) for bound in bounds)
        buckets = list(zip(bounds, totals, strict=True))
        family.add_metric(of, buckets, sums.get(of, 0.0))
    return family
