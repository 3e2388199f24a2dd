"""Who is notified of an incident and how fast: the spec's severity table as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from schemas.incident.incident_type import IncidentType
from schemas.incident.severity import Severity
from schemas.model import Model

ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
"""The name of a way to reach people; `tasks/channels/channels.py` lists them."""


def _seconds(given: object) -> object:
    """Seconds also as text, which is what an environment variable has."""
    try:
        return float(given) if isinstance(given, str) else given
    except ValueError:
        return given  # ISO 8601


Duration = Annotated[timedelta, BeforeValidator(_seconds), Field(ge=timedelta())]
"""A duration that is not negative: seconds (`900`) or ISO 8601 (`PT15M`)."""


class SlackChannel(StrEnum):
    """The spec's three Slack channels; their names are settings."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class SenderEnds(StrEnum):
    """Whether a sender's all-clear ends an incident by itself; else it is proposed to people.

    Never of `security`, `data-breach` and `agent-violation`, nor after a runbook that failed.
    """

    NEVER = "never"
    ONCE_TAKEN = "once-taken"
    """Only when somebody has taken the incident."""
    ALWAYS = "always"


class Escalation(Model):
    """A level: who is called when nobody took it `after` the page; None: a list, not a clock."""

    to: str = Field(min_length=1)
    after: Duration | None = None


def _as_list(given: object) -> object:
    """One level may be given without a list around it."""
    return [given] if isinstance(given, dict | Escalation) else given


Levels = Annotated[tuple[Escalation, ...], BeforeValidator(_as_list)]


class Route(Model):
    """One row of the spec's "Alert Routing Configuration" table, with its triage action.

    response_time: in words, as in the table; acknowledge_within: the same as a duration.
    page: page the on-call, by the first of `page_channels` that accepts it.
    phone: the page must ring (PagerDuty does so for severity critical).
    slack: the channel that gets the incident message.
    ticket: make a Jira ticket. rollback: restore the last known good release at once.
    escalation: the levels, each with its time since the page was due.
    escalation_repeat: so long after the last level the first is called again; None or 0: never.
    mitigate_within: who took it is asked whether they are still on it; None: never.
    urls: addresses for Apprise of this severity alone, a team's chat for instance, beside those of
    `[contacts.on-call]`.
    remind: on each business day, while nobody took it; where nobody is paged.
    resolved_by_sender: whether an alert that its sender ended ends the incident by itself.
    """

    response_time: str
    acknowledge_within: Duration | None
    page: bool
    phone: bool
    slack: SlackChannel
    ticket: bool
    rollback: bool
    escalation: Levels
    escalation_repeat: Duration | None = None
    mitigate_within: Duration | None = None
    remind: bool = False
    resolved_by_sender: SenderEnds = SenderEnds.NEVER
    urls: tuple[SecretStr, ...] = ()
    page_channels: tuple[ChannelName, ...] = (
        "pagerduty",
        "alertmanager",
        "phone",
        "slack",
        "message",
        "jira",
        "inbox",
    )

    @property
    def escalates_to(self) -> str:
        """Whom, or what, the first level names."""
        return self.escalation[0].to if self.escalation else "nobody"

    @field_validator("urls", mode="before")
    @classmethod
    def _one_or_a_list(cls, urls: object) -> object:
        return (urls,) if isinstance(urls, str) else urls

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        spans = [level.after for level in self.escalation if level.after is not None]
        if spans != sorted(spans):
            raise ValueError("escalation: `after` counts from the page; put the earliest first")
        if len(spans) not in (0, len(self.escalation)):
            raise ValueError("escalation: a level needs `after`")
        return self


DEFAULT_ROUTES: dict[Severity, Route] = {
    Severity.P1: Route(
        response_time="Immediate",
        acknowledge_within=timedelta(minutes=15),
        page=True,
        phone=True,
        slack=SlackChannel.CRITICAL,
        ticket=False,
        rollback=True,
        escalation=(Escalation(to="VP Engineering", after=timedelta(minutes=15)),),
        escalation_repeat=timedelta(minutes=15),
        mitigate_within=timedelta(hours=4),
    ),
    Severity.P2: Route(
        response_time="30 minutes",
        acknowledge_within=timedelta(minutes=30),
        page=True,
        phone=False,
        slack=SlackChannel.CRITICAL,
        ticket=False,
        rollback=False,
        escalation=(Escalation(to="Team lead", after=timedelta(hours=1)),),
        escalation_repeat=timedelta(hours=1),
        mitigate_within=timedelta(hours=8),
    ),
    Severity.P3: Route(
        response_time="Next business day",
        acknowledge_within=None,
        page=False,
        phone=False,
        slack=SlackChannel.WARNING,
        ticket=True,
        rollback=False,
        escalation=(Escalation(to="Sprint backlog"),),
        remind=True,
        resolved_by_sender=SenderEnds.ONCE_TAKEN,
    ),
    Severity.P4: Route(
        response_time="Best effort",
        acknowledge_within=None,
        page=False,
        phone=False,
        slack=SlackChannel.INFO,
        ticket=False,
        rollback=False,
        escalation=(Escalation(to="Monthly review"),),
        resolved_by_sender=SenderEnds.ONCE_TAKEN,
    ),
}


Routes = Mapping[Severity, Route]


ENDED_AS_SEEN: Routes = {
    severity: route.model_copy(update={"resolved_by_sender": SenderEnds.ALWAYS})
    for severity, route in DEFAULT_ROUTES.items()
}
"""For what we saw ourselves: nobody has to take a sender's word for it."""


def route_for(
    severity: Severity,
    incident_type: str,
    routes: Routes | None = None,
) -> Route:
    """The route of an incident.

    A failed deployment is rolled back whatever its severity: that is its automatic response
    (spec, "Incident Type Classification"). For every other type the severity decides
    (spec, "Triage Script").
    """
    route = (routes or {}).get(severity, DEFAULT_ROUTES[severity])
    if incident_type == IncidentType.DEPLOYMENT_FAILURE:
        return route.model_copy(update={"rollback": True})
    return route
