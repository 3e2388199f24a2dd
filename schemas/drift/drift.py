"""Drift: deviations from the last known good release, and their impact, by rules as data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field

from schemas.drift.impact import (
    DEFAULT_IMPACTS,
    SEVERITY_OF,
    Change,
    Impact,
    ImpactRule,
    Setting,
    impact_of,
)
from schemas.incident import Severity, hash_of_text
from schemas.model import Model, UtcDatetime, utc_now

SHOWN = 200
"""How many characters of a value a report shows."""
LISTED = 25
"""How many differences the record and the summary list; the artifact has them all."""
LONGEST_NOTE = 500
"""How many characters of a reason are shown."""


State = Mapping[Setting, str]
"""Everything that is compared, each value as text. Secret values are salted hashes."""


def shown(value: str | None, most: int = SHOWN) -> str:
    """An untrusted value on one line, trimmed, with terminal and markup characters escaped."""
    if value is None:
        return "nothing"
    part = value[: most + 1]
    if not part.isprintable():
        part = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in part)
    return part if len(part) <= most else part[: most - 1] + "…"


class Difference(Model):
    """One deviation. baseline, actual: None where the setting is absent.

    affects: the service, and every service that depends on it.
    """

    path: str
    subject: str
    field: str
    name: str = ""
    change: Change
    baseline: str | None = None
    actual: str | None = None
    impact: Impact
    affects: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Identifies this difference when it is found again."""
        return f"{self.path} {self.change} {hash_of_text(self.actual or '')[:16]}"

    def __str__(self) -> str:
        """One line for a person."""
        path = shown(self.path)
        before, after = (shown(value) for value in (self.baseline, self.actual))
        return f"{self.impact}: {path} {self.change}: {before} → {after}"


class DriftReport(Model):
    """What an assessment of one target found.

    commit: the last known good release that it was compared with; None when there is none.
    compared: how many settings were compared.
    not_compared: what is not compared, and why; neither a deviation nor proof of none.
    unreadable: what cannot be read now but should be, in sentences; it may hide a deviation.
    accepted: how many differences a person accepted, and who; `differences` leaves them out.
    """

    target: str
    commit: str | None = None
    assessed_at: UtcDatetime = Field(default_factory=utc_now)
    compared: int = 0
    differences: tuple[Difference, ...] = ()
    not_compared: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    accepted: str = ""

    @property
    def status(self) -> Literal["drift", "none", "unknown"]:
        """The verdict; `none` only when there was something to compare and it could be read."""
        if self.differences:
            return "drift"
        return "none" if self.compared and not self.unreadable else "unknown"

    @property
    def worst(self) -> Impact | None:
        """The worst impact; None when there is no difference."""
        return self.differences[0].impact if self.differences else None

    @property
    def severity(self) -> Severity:
        """The severity that the worst impact calls for."""
        return SEVERITY_OF[self.worst or Impact.LOW]

    @property
    def headline(self) -> str:
        """One line: how many differences, and the worst."""
        against = f"the last known good {(self.commit or 'unknown')[:12]}"
        if self.status == "unknown":
            return f"{self.target}: drift unknown: {self.why_unknown}"
        if not self.differences:
            sentence = f"{self.target}: no drift from {against} in {self.compared} settings"
            if left := len(self.not_compared):
                sentence += f"; {left} {'part was' if left == 1 else 'parts were'} not compared"
            return f"{sentence} ({self.accepted})" if self.accepted else sentence
        many = len(self.differences)
        sentence = "1 difference" if many == 1 else f"{many} differences"
        besides = f" besides {self.accepted}" if self.accepted else ""
        return f"{self.target}: {sentence} from {against}{besides}; worst is {self.differences[0]}"

    @property
    def why_unknown(self) -> str:
        """What could not be read, else what was not compared; for a person."""
        why = [shown(note, LONGEST_NOTE) for note in self.unreadable or self.not_compared]
        return "; ".join(why) or "nothing was compared"

    def text(self, differences: Sequence[Difference] | None = None) -> str:
        """The report, or only these differences, as plain lines, worst first; long ones trimmed."""
        found = self.differences if differences is None else differences
        lines = [f"- {each} (affects {', '.join(each.affects) or 'nothing'})" for each in found]
        if len(lines) > LISTED:
            lines[LISTED:] = [f"- and {len(lines) - LISTED} more"]
        notes = [
            *(f"- {shown(note, LONGEST_NOTE)}" for note in self.unreadable),
            *(f"- not compared: {shown(note, LONGEST_NOTE)}" for note in self.not_compared),
        ]
        return "\n".join([self.headline, *lines, *notes])


class AcceptedDrift(Model):
    """The differences from a release (by `identity`) that a person accepted as intended."""

    target: str
    commit: str
    accepted_by: str
    accepted_at: UtcDatetime = Field(default_factory=utc_now)
    reason: str
    differences: tuple[str, ...]


def compare(
    baseline: State,
    actual: State,
    rules: Sequence[ImpactRule] = DEFAULT_IMPACTS,
    depends_on: Mapping[str, Collection[str]] | None = None,
) -> tuple[Difference, ...]:
    """Every difference, worst first; empty exactly when the two states are equal.

    depends_on: service → the services that it needs.
    """
    affected = _Affected(depends_on or {})
    about = {
        field: [rule for rule in rules if fnmatchcase(field, rule.field)]
        for field in {setting.field for setting in baseline.keys() | actual.keys()}
    }
    found = []
    for setting in baseline.keys() | actual.keys():
        before, after = baseline.get(setting), actual.get(setting)
        if before != after:
            change: Change = (
                "added" if before is None else "removed" if after is None else "changed"
            )
            found.append(
                _difference(setting, change, before, after, about[setting.field], affected)
            )
    return ordered(found)


def ordered(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Worst first, then by path."""
    order = list(Impact)
    return tuple(sorted(differences, key=lambda each: (order.index(each.impact), each.path)))


class _Affected:
    """Finds a service's dependants; cached, as many differences share few services."""

    def __init__(self, depends_on: Mapping[str, Collection[str]]) -> None:
        self._dependants: dict[str, list[str]] = {}
        for service, needed in sorted(depends_on.items()):
            for each in needed:
                self._dependants.setdefault(each, []).append(service)
        self._known: dict[str, tuple[str, ...]] = {}

    def by(self, subject: str) -> tuple[str, ...]:
        """The subject and its direct and indirect dependants."""
        if subject not in self._known:
            found = dict.fromkeys([subject] if subject else [])
            waiting = [subject]
            while waiting:
                new = [s for s in self._dependants.get(waiting.pop(), ()) if s not in found]
                found |= dict.fromkeys(new)
                waiting += new
            self._known[subject] = tuple(found)
        return self._known[subject]


def _difference(
    setting: Setting,
    change: Change,
    before: str | None,
    after: str | None,
    rules: Sequence[ImpactRule],
    affected: _Affected,
) -> Difference:
    return Difference(
        path=str(setting),
        subject=setting.subject,
        field=setting.field,
        name=setting.name,
        change=change,
        baseline=before,
        actual=after,
        impact=impact_of(setting, change, after, rules),
        affects=affected.by(setting.subject),
    )
