"""The text of pages and messages: which incident, what is being done, what to do."""

from __future__ import annotations

from uuid import uuid4

import pytest

from fixtures.intake import Intake, StartIntake
from schemas.incident import Phase, Status
from standins.pagerduty import PagerDuty
from support import wait_until
from tasks.channels.being_done import being_done
from tasks.channels.text import text_of, what_to_do
from tasks.notify.page_on_call import ensure_page
from tasks.notify.report_outcome import REPAIRED, report_outcome, take_back_failure
from tasks.store.claim_keys import failure_key, page_key
from tasks.store.progress import note_progress

RUN = uuid4()
DEMO = {
    "repository": "/nowhere",
    "health": {"url": "http://127.0.0.1:1/"},
    "required_gates": ["tests"],
    "deploy_command": ["true"],
}
TARGETS = {"demo": DEMO}


@pytest.fixture
def intake(start_intake: StartIntake, pagerduty: PagerDuty) -> Intake:
    """An intake that pages, and knows a target."""
    return start_intake(pagerduty, targets=TARGETS)


def opened(intake: Intake, pagerduty: PagerDuty, **alert: object) -> str:
    """An incident whose page rings."""
    given = {"type": "deployment-failure", "service": "demo", "description": "502 since 14:00."}
    incident_id = intake.report(**given | alert)
    incident = intake.store.incident(incident_id)
    wait_until(lambda: intake.store.claim_result(incident_id, page_key(incident)))
    assert incident_id in pagerduty.alerts
    return incident_id


def noted(intake: Intake, incident_id: str, phase: Phase, said: str = "") -> str:
    """What is being done then."""
    note_progress(
        incident_id, intake.settings, flow="deployment-failure", mark=f"{RUN}:{phase.name}",
        phase=phase, said=said,
    )  # fmt: skip
    return being_done(intake.store.incident(incident_id), intake.settings)


def test_page(intake: Intake, pagerduty: PagerDuty) -> None:
    """The page says which, what, what is being done, and what to press."""
    incident_id = opened(intake, pagerduty)

    summary = pagerduty.alerts[incident_id].payload["summary"]
    before, link = summary.split("Take it: ")
    number = intake.store.incident(incident_id).number
    assert f"P1 demo #{number}: 502 since 14:00. Rolling back by itself. " == before
    assert link.startswith(f"{intake.settings.base_url}/by-link/")
    assert 200 == intake.client.get(link).status_code


def test_no_target(intake: Intake, pagerduty: PagerDuty) -> None:
    """Nothing is promised that nothing will do."""
    incident_id = opened(intake, pagerduty, service="unheard-of")

    summary = pagerduty.alerts[incident_id].payload["summary"]
    assert "Nothing is changed by itself: no target has this service. Take it: " in summary


def test_outcome(intake: Intake, pagerduty: PagerDuty) -> None:
    """The words follow what runs do; a Retry takes back that the automation failed."""
    incident_id = opened(intake, pagerduty)

    assert noted(intake, incident_id, Phase.WORKING) == "Rolling back by itself"
    assert noted(intake, incident_id, Phase.FAILED, "no disk") == (
        "Automation FAILED, a person must take over"
    )
    assert noted(intake, incident_id, Phase.DONE, "\n• rolled back\n• told") == (
        "Done: rolled back; cause open"
    )
    intake.store.set_status(
        incident_id, Status.MITIGATED, actor="a test", reason="demo is back on 98f4b33, healthy"
    )
    assert being_done(intake.store.incident(incident_id), intake.settings) == (
        "Done: demo is back on 98f4b33, healthy; cause open"
    )


def test_pagerduty_is_told(intake: Intake, pagerduty: PagerDuty) -> None:
    """What came of it stands beside the incident in PagerDuty, once, and rings nobody."""
    incident_id = opened(intake, pagerduty)
    noted(intake, incident_id, Phase.DONE, "rolled back")

    for _ in range(2):
        report_outcome(incident_id, intake.settings, mark=f"{RUN}:1")

    (change,) = pagerduty.changes
    assert change["summary"].endswith("502 since 14:00. Done: rolled back; cause open")
    assert 1 == pagerduty.pages


def test_failure_is_taken_back(intake: Intake, pagerduty: PagerDuty) -> None:
    """The page that the automation failed ends when a Retry did it, once."""
    incident_id = opened(intake, pagerduty)
    take_back_failure(incident_id, intake.settings, run_id=RUN)
    assert REPAIRED not in intake.actions(incident_id)
    key, reason = failure_key(RUN), "automation FAILED, take over: no disk"
    ensure_page(incident_id, intake.settings, holder="a test", key=key, reason=reason)
    alert = pagerduty.alerts[f"{incident_id}:failed:{RUN}"]
    assert (
        f"#{intake.store.incident(incident_id).number}: {reason}. Take it: "
        in (alert.payload["summary"])
    )

    for _ in range(2):
        take_back_failure(incident_id, intake.settings, run_id=RUN)

    assert "resolved" == alert.state
    assert 1 == intake.actions(incident_id).count(REPAIRED)


def test_restricted(intake: Intake, pagerduty: PagerDuty) -> None:
    """Nothing of a data breach is in what everybody may read, and its link is in no channel."""
    incident_id = opened(intake, pagerduty, type="data-breach", description="the orders table")
    noted(intake, incident_id, Phase.DONE, "isolated demo")
    incident = intake.store.incident(incident_id)

    said = text_of(incident, intake.settings, 1_000, public=True)

    assert "orders" not in said
    assert "isolated" not in said


def test_other_subjects(intake: Intake, pagerduty: PagerDuty) -> None:
    """A page for a decision leads to the page where one signs in; unrecorded, nowhere."""
    incident = intake.store.incident(opened(intake, pagerduty))

    assert what_to_do(incident, intake.settings, about=f"approve:{RUN}:1").startswith("Open: ")
    unrecorded = incident.model_copy(update={"number": 0})
    assert "" == what_to_do(unrecorded, intake.settings)


@pytest.mark.parametrize("limit", [40, 130, 1024])
def test_limits(intake: Intake, pagerduty: PagerDuty, limit: int) -> None:
    """However long the description is, the rest stays."""
    incident = intake.store.incident(opened(intake, pagerduty, description="x" * 3_000))

    assert len(text_of(incident, intake.settings, limit)) <= limit
