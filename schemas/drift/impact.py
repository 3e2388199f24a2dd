"""The impact of a difference, by rules that are data."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from schemas.incident import Severity
from schemas.model import Model

Change = Literal["added", "removed", "changed"]


class Impact(StrEnum):
    """The impact of a difference, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


SEVERITY_OF: dict[Impact, Severity] = {
    Impact.CRITICAL: Severity.P1,
    Impact.HIGH: Severity.P2,
    Impact.MEDIUM: Severity.P3,
    Impact.LOW: Severity.P4,
}
"""The severity of an incident, by the impact of its worst difference."""


class Setting(NamedTuple):
    """The setting that a value belongs to.

    subject: a Compose service, a configured file, a container, or empty for the target itself.
    field: the kind of setting, which the rules match.
    name: which one of several (a variable, a port, a key); empty where there is only one.
    """

    subject: str
    field: str
    name: str = ""

    def __str__(self) -> str:
        """The path as a report shows it: `web.environment.LOG_LEVEL`."""
        return ".".join(part for part in self if part)


class ImpactRule(Model):
    """The impact of differences that match every given pattern; the first matching rule wins.

    field, name, subject, actual: case-sensitive patterns with `*` and `?`.
    """

    impact: Impact
    field: str = "*"
    change: Change | None = None
    subject: str = "*"
    name: str = "*"
    actual: str = "*"

    def fits(self, setting: Setting, change: Change, actual: str | None) -> bool:
        """True when the rule matches such a difference."""
        return (
            self.change in (None, change)
            and (self.field in ("*", setting.field) or fnmatchcase(setting.field, self.field))
            and (self.name == "*" or fnmatchcase(setting.name, self.name))
            and (self.subject == "*" or fnmatchcase(setting.subject, self.subject))
            and (self.actual == "*" or fnmatchcase(actual or "", self.actual))
        )


def _rules(impact: Impact, *rows: tuple[str, Change | None, str, str]) -> tuple[ImpactRule, ...]:
    return tuple(
        ImpactRule(impact=impact, field=field, change=change, name=name, actual=actual)
        for field, change, name, actual in rows
    )


DEFAULT_IMPACTS: tuple[ImpactRule, ...] = (
    *_rules(
        Impact.CRITICAL,
        ("image", None, "*", "*"),
        ("commit", None, "*", "*"),
        ("privileges", "added", "*", "*"),
        ("privileges", "changed", "*", "*"),
        ("restrictions", "removed", "*", "*"),
        ("restrictions", "changed", "*", "*"),
        ("user", None, "*", "*"),
        ("mounts", None, "*docker.sock", "*"),
        ("environment", None, "LD_*", "*"),
        ("replicas", None, "*", "0"),
    ),
    *_rules(
        Impact.HIGH,
        ("command", None, "*", "*"),
        ("entrypoint", None, "*", "*"),
        ("privileges", "removed", "*", "*"),
        ("ports", None, "*", "*"),
        ("mounts", None, "*", "*"),
        ("networks", None, "*", "*"),
        ("replicas", None, "*", "*"),
        ("container", None, "*", "*"),
        ("file", "removed", "*", "*"),
    ),
    *_rules(
        Impact.MEDIUM,
        ("environment", None, "*", "*"),
        ("restart", None, "*", "*"),
        ("restrictions", "added", "*", "*"),
        ("working_dir", None, "*", "*"),
        ("content", None, "*", "*"),
        ("file", None, "*", "*"),
    ),
    *_rules(Impact.LOW, ("labels", None, "*", "*")),
)
"""The impact of a difference that no rule matches."""


def impact_of(
    setting: Setting, change: Change, actual: str | None, rules: Sequence[ImpactRule]
) -> Impact:
    """The impact given by the first matching rule."""
    fitting = (rule.impact for rule in rules if rule.fits(setting, change, actual))
    return next(fitting, Impact.MEDIUM)
