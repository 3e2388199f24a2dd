"""`aeef oncall`, what doctor says of contacts, and what waits for the monthly review."""

from __future__ import annotations

import json

import pytest

from fixtures.cli import Aeef
from schemas.incident import Alert, IncidentType, Severity, Status
from standins.pagerduty import ROUTING_KEY, VP_KEY
from tasks.store import Store

CONTACTS = {
    "vp-engineering": {"pagerduty_routing_key": VP_KEY},
    "on-call": {"urls": ["ntfy://h/t"]},
}


@pytest.fixture
def _configured(aeef: Aeef, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEEF_PAGERDUTY__ROUTING_KEY", ROUTING_KEY)
    monkeypatch.setenv("AEEF_CONTACTS", json.dumps(CONTACTS))


@pytest.mark.usefixtures("_configured")
def test_who_would_be_called(aeef: Aeef) -> None:
    """For each severity, when and how; no secret, and nobody is called."""
    printed, rows = aeef("oncall"), aeef("oncall", "--json").json
    found = [(row["severity"], row["after"], row["calls"], row["by"]) for row in rows]

    assert found[0] == ("P1", "at once", "on-call", ["PagerDuty", "phone"])
    assert found[1] == ("P1", "15 min", "VP Engineering", ["PagerDuty"])
    assert "15 min" == rows[1]["repeats"]
    assert ("P2", "1 h", "Team lead", ["PagerDuty of the on-call", "phone of the on-call"]) in found
    assert ["P1", "P1", "P1", "P2", "P2", "P2", "P3", "P4"] == [row[0] for row in found]
    assert "VP Engineering by PagerDuty; again after 15 min" in printed.out
    assert VP_KEY not in printed.out
    assert "ntfy" not in printed.out


def test_without_a_channel_it_says_nobody(aeef: Aeef) -> None:
    """In capitals: somebody has to see it."""
    assert "on-call by NOBODY" in aeef("oncall").out


@pytest.mark.proves("REQ-010-10")
@pytest.mark.usefixtures("_configured")
def test_doctor_says_whom_nobody_can_reach(aeef: Aeef) -> None:
    """It is no failure, as the on-call is called instead, and it is never silent."""
    found = {each["check"]: each for each in aeef("doctor", "--json").json}
    contacts = found["contacts"]

    assert "not configured" == contacts["outcome"]
    assert "VP Engineering by PagerDuty" in contacts["detail"]
    assert (
        "Team lead has no address: the on-call is called; set [contacts.team-lead]"
        in contacts["detail"]
    )


@pytest.mark.proves("SPEC-P4-escalation")
def test_what_waits_for_the_review(aeef: Aeef, cli_store: Store) -> None:
    """Neither paged nor a ticket, also when it is resolved; not what was closed."""
    ids = {}
    for name, severity, status in (
        ("open", Severity.P4, None),
        ("resolved", Severity.P4, Status.RESOLVED),
        ("closed", Severity.P4, Status.CLOSED),
        ("ticket", Severity.P3, None),
    ):
        alert = Alert(description=name, service=name)
        opened = cli_store.open_or_attach(alert, IncidentType.UNKNOWN, severity).incident
        ids[name] = str(opened.incident_id)
        if status:
            cli_store.set_status(opened.incident_id, status, actor="test")
    listed = [
        each["incidentId"] for each in aeef("incidents", "list", "--for-review", "--json").json
    ]

    assert {ids["open"], ids["resolved"]} == set(listed)
