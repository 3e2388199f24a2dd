"""A ticket is closed when its incident is over, or it is said that it stays and why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.people import local_user
from schemas.settings import Settings
from standins.jira import Jira
from standins.standin import settings_for
from tasks.channels.jira.ticket import ensure_ticket
from tasks.notify.tickets.watch_tickets import watch_tickets
from tasks.people.acts import perform
from tasks.store import open_store

FIXED = {"disposition": "fixed", "rootCause": "a bad release"}


def with_ticket(settings: Settings) -> Incident:
    """A P3 that has its ticket."""
    alert = Alert(description="drift", service="shop", source="test")
    store = open_store(settings)
    incident = store.open_or_attach(alert, IncidentType.DRIFT, Severity.P3).incident
    ensure_ticket(str(incident.incident_id), settings, holder="test")
    return incident


def said(incident: Incident, settings: Settings) -> str:
    """Resolve it; what whoever did it reads."""
    done = perform("resolve", incident.short_id, FIXED, local_user("ada"), settings)
    return done.said


def test_resolving_closes_the_ticket_once(jira: Jira, home: Path) -> None:
    """By the step of its workflow that ends in a status that is done; on record."""
    settings = settings_for(jira, home=home)
    incident = with_ticket(settings)
    first, again = said(incident, settings), said(incident, settings)
    actions = open_store(settings).incident(incident.incident_id).actions_taken

    assert "done" == jira.issues[0].status
    assert "closed ticket AEEF-1" in first
    assert "ticket" not in again
    assert 1 == sum(each.action == "closed ticket AEEF-1" for each in actions)


def test_a_ticket_that_somebody_closed_stays_so(jira: Jira, home: Path) -> None:
    """Nothing is moved."""
    settings = settings_for(jira, home=home)
    incident = with_ticket(settings)
    jira.issues[0].status = "done"
    said(incident, settings)

    assert [] == [r for r in jira.requests if r.path.endswith("/transitions")]


def test_a_workflow_without_an_end_is_said(jira: Jira, home: Path) -> None:
    """The incident is over all the same."""
    settings = settings_for(jira, home=home)
    jira.transitions = jira.transitions[:1]
    incident = with_ticket(settings)

    assert "ticket AEEF-1 stays open: its workflow has no step" in said(incident, settings)
    assert open_store(settings).incident(incident.incident_id).status.is_over


def test_a_site_that_is_away_is_said(jira: Jira, home: Path) -> None:
    """It does not keep the incident open."""
    settings = settings_for(jira, home=home)
    incident = with_ticket(settings)
    jira.fail_with(500, times=None)

    assert "ticket AEEF-1 stays open: Jira: " in said(incident, settings)
    assert open_store(settings).incident(incident.incident_id).status.is_over


def test_a_closed_ticket_proposes_to_resolve(jira: Jira, home: Path) -> None:
    """The incident stays open, and its record says who closed what; it is looked at seldom."""
    settings = settings_for(jira, home=home)
    incident = with_ticket(settings)
    store = open_store(settings)
    watch_tickets(settings, timedelta(0))
    before = store.lifecycle.standing(incident.incident_id).proposed_by
    jira.issues[0].status = "done"
    watch_tickets(settings, timedelta(days=1))
    asked = len(jira.requests)
    watch_tickets(settings, timedelta(days=1))
    standing = store.lifecycle.standing(incident.incident_id)

    assert (None, "Jira", asked) == (before, standing.proposed_by, len(jira.requests))
    assert "AEEF-1 was closed there" in (standing.proposed_why or "")
    assert not store.incident(incident.incident_id).status.is_over
