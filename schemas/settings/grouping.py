"""The settings of grouping: which alerts are one incident, and what flaps."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from schemas.incident import IncidentType
from schemas.incident.grouping import BY, BY_TYPE, Grouping
from schemas.settings.sections import Section

OFF = "off"


def _none_when_off(value: Any) -> Any:
    return () if value == OFF else value


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Fields = Annotated[tuple[Name, ...], BeforeValidator(_none_when_off)]
"""`type`, `target`, `service`, `sender`, `dedup_key`, or a label; `off`, or none: not grouped."""


class GroupingSettings(Section):
    """Which alerts are one incident: those that agree in the fields of `by`.

    types: the fields for alerts of one type, instead of `by`.
    joins_within: an alert later than this after the incident's newest one opens another.
    flap_window: within this time after the all-clear of its sender an incident comes back.
    stays: what came back pages anew when it is still there after this time.
    flapping_after: what came back this many times pages once, and stays open until it is quiet.
    """

    by: Fields = BY
    types: dict[IncidentType, Fields] = Field(default_factory=dict)
    joins_within: timedelta = Field(default=timedelta(hours=2), gt=timedelta(0))
    flap_window: timedelta = Field(default=timedelta(minutes=15), ge=timedelta(0))
    stays: timedelta = Field(default=timedelta(minutes=2), gt=timedelta(0))
    flapping_after: int = Field(default=3, ge=1, le=1000)

    def of(self, incident_type: IncidentType, target: str | None) -> Grouping:
        """How an alert of this type for this target is grouped."""
        usual = BY_TYPE.get(incident_type, self.by) if self.by else ()
        return Grouping(
            by=self.types.get(incident_type, usual),
            target=target,
            joins_within=self.joins_within,
            flap_window=self.flap_window,
            stays=self.stays,
            flapping_after=self.flapping_after,
        )
