"""Who is notified of an incident and how fast: the spec's severity table as data."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from schemas.incident.incident_type import IncidentType
from schemas.incident.severity import Severity
from schemas.model import Model

ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
"""The name of a way to reach people; `tasks/channels/channels.py` lists them."""


class SlackChannel(StrEnum):
    """The spec's three Slack channels; their names are settings."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Escalation(Model):
    """Who is notified when nobody acknowledged; `after` is None where it is a list, not a clock."""

    to: str
    after: timedelta | None = None


class Route(Model):
    """One row of the spec's "Alert Routing Configuration" table, with its triage action.

    response_time: in words, as in the table; acknowledge_within: the same as a duration.
    page: page the on-call, by the first of `page_channels` that accepts it.
    phone: the page must ring (PagerDuty does so for severity critical).
    slack: the channel that gets the incident message.
    ticket: make a Jira ticket. rollback: restore the last known good release at once.
    """

    response_time: str
    acknowledge_within: timedelta | None
    page: bool
    phone: bool
    slack: SlackChannel
    ticket: bool
    rollback: bool
    escalation: Escalation
    page_channels: tuple[ChannelName, ...] = ("pagerduty", "alertmanager", "slack", "jira")


DEFAULT_ROUTES: dict[Severity, Route] = {
    Severity.P1: Route(
        response_time="Immediate",
        acknowledge_within=timedelta(minutes=15),
        page=True,
        phone=True,
        slack=SlackChannel.CRITICAL,
        ticket=False,
        rollback=True,
        escalation=Escalation(to="VP Engineering", after=timedelta(minutes=15)),
    ),
    Severity.P2: Route(
        response_time="30 minutes",
        acknowledge_within=timedelta(minutes=30),
        page=True,
        phone=False,
        slack=SlackChannel.CRITICAL,
        ticket=False,
        rollback=False,
        escalation=Escalation(to="Team lead", after=timedelta(hours=1)),
    ),
    Severity.P3: Route(
        response_time="Next business day",
        acknowledge_within=None,
        page=False,
        phone=False,
        slack=SlackChannel.WARNING,
        ticket=True,
        rollback=False,
        escalation=Escalation(to="Sprint backlog"),
    ),
    Severity.P4: Route(
        response_time="Best effort",
        acknowledge_within=None,
        page=False,
        phone=False,
        slack=SlackChannel.INFO,
        ticket=False,
        rollback=False,
        escalation=Escalation(to="Monthly review"),
    ),
}


def route_for(
    severity: Severity,
    incident_type: str,
    routes: dict[Severity, Route] | None = None,
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
