"""What is counted for ever: its name in Prometheus, its words, and the labels that it may have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from schemas.automation import Act
from schemas.figures.moments import Moment
from schemas.incident import IncidentType, Severity

OTHER = "other"
"""Instead of a value that is not in the list: labels must not grow with what somebody sends."""
SEVERITIES = tuple(each.value for each in Severity)
TYPES = tuple(each.value for each in IncidentType)


class Sent(StrEnum):
    """What came of a page in a channel.

    RANG: taken by what rings. NOTIFIED: by what rings nobody. REFUSED: not taken, or no answer.
    COLLECTED: another incident's page tells of it. TAKEN: somebody had taken the incident before
    anything rang. NOBODY: no channel is configured. KEPT: only in the inbox to try with.
    """

    RANG = "rang"
    NOTIFIED = "notified"
    REFUSED = "refused"
    COLLECTED = "collected"
    TAKEN = "taken"
    NOBODY = "nobody"
    KEPT = "kept"


class Done(StrEnum):
    """What came of an act. REFUSED: the mode, a limit or a missing word did not let it begin."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class DoneBy(StrEnum):
    """Who did it."""

    AUTOMATION = "automation"
    PERSON = "person"


class Counter(NamedTuple):
    """One number for each combination of labels. name: without Prometheus' `_total`.

    labels: by name, the values that there may be.
    """

    name: str
    words: str
    labels: dict[str, tuple[str, ...]]

    def bounded(self, labels: Mapping[str, str]) -> dict[str, str]:
        """These labels, with OTHER for each value that there may not be."""
        return {
            name: str(labels[name]) if labels[name] in known else OTHER
            for name, known in self.labels.items()
        }

    def all_labels(self) -> list[dict[str, str]]:
        """Each combination: a counter is there with 0 before it counts, or its first is lost."""
        return [
            dict(zip(self.labels, each, strict=True)) for each in product(*self.labels.values())
        ]


NO_CHANNEL = "none"
CHANNELS = ("pagerduty", "alertmanager", "phone", "slack", "message", "jira", "inbox", NO_CHANNEL)

PAGES = Counter(
    "aeef_pages",
    "Pages by what came of them in a channel",
    {"channel": CHANNELS, "outcome": tuple(each.value for each in Sent)},
)
ESCALATIONS = Counter(
    "aeef_escalations",
    "Steps of escalations that were done: a level called, somebody asked",
    {"severity": SEVERITIES, "kind": ("level", "still-on-it", "late-level")},
)
ACTS = Counter(
    "aeef_acts",
    "Rollbacks, isolations, suspensions and other acts by what came of them",
    {
        "act": tuple(each.value for each in Act),
        "by": tuple(each.value for each in DoneBy),
        "outcome": tuple(each.value for each in Done),
    },
)
AUTOMATION_FAILURES = Counter(
    "aeef_automation_failures",
    "Pages that a person has to take over from the automation",
    {"type": TYPES},
)
RELAPSE_COUNTER = Counter(
    "aeef_relapses",
    "Second and later occurrences of incidents",
    {"severity": SEVERITIES, "type": TYPES},
)
COUNTERS = (PAGES, ESCALATIONS, ACTS, AUTOMATION_FAILURES, RELAPSE_COUNTER)

BUCKETS = (5, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800, 2592000)
"""Seconds. AEEF's targets are among them: 5 and 15 minutes, 4 and 24 hours, 7 and 30 days."""
HISTOGRAMS: dict[Moment, tuple[str, str]] = {
    Moment.PAGED: ("aeef_time_to_page_seconds", "until something that rings took the page"),
    Moment.ACKNOWLEDGED: ("aeef_time_to_acknowledge_seconds", "until somebody took it"),
    Moment.CONTAINED: ("aeef_time_to_contain_seconds", "until the damage was seen to be stopped"),
    Moment.MITIGATED: ("aeef_time_to_mitigate_seconds", "until it was mitigated"),
    Moment.RESOLVED: ("aeef_time_to_resolve_seconds", "until it was resolved"),
}
"""The histograms: from the detection of an occurrence on."""


def bucket_of(seconds: float) -> str:
    """The smallest bucket that holds it, as Prometheus' label `le` says it."""
    return next((str(float(each)) for each in BUCKETS if seconds <= each), "+Inf")
