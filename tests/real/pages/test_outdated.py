"""A form that was shown before something changed does nothing: it says what has changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest

from fixtures.intake import Intake, StartIntake
from fixtures.people import bearer, token_for
from schemas.incident import Severity, Status
from standins.pagerduty import PagerDuty
from tasks.channels.page_link import link_for
from tasks.people.acts import SHOWN_FOR

HTML = {"Accept": "text/html"}


@pytest.fixture
def quiet(start_intake: StartIntake) -> Intake:
    """An intake without any channel."""
    return start_intake()


def relapse(intake: Intake, incident_id: str) -> None:
    """It was contained, and is seen broken again."""
    intake.store.lifecycle.mitigate(incident_id, actor="ann (token)")
    intake.store.relapse(incident_id, "the service is broken now", actor="aeef-runbooks")
    assert 2 == intake.store.incident(incident_id).occurrence


def raise_severity(intake: Intake, incident_id: str) -> None:
    """Somebody says that it is worse."""
    intake.store.lifecycle.set_severity(
        incident_id, Severity.P1, actor="ann (token)", reason="all shops"
    )


def form_on(intake: Intake, path: str) -> dict[str, str]:
    """What the hidden fields of the page's first form send."""
    text = intake.ask("GET", path, headers=HTML).text
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
    return {name: unescape(value) for name, value in found}


def press(intake: Intake, path: str, **fields: str) -> httpx.Response:
    """Send a form, and follow to where it leads."""
    return intake.ask("POST", path, headers=HTML, data=fields, follow_redirects=True)


@pytest.mark.parametrize(
    ("verb", "typed"),
    [
        ("ack", {}),
        ("resolve", {"disposition": "fixed", "rootCause": "an index"}),
        ("note", {"text": "the pool was full"}),
        ("stop-automation", {"reason": "it makes it worse"}),
    ],
)
def test_a_form_from_before_a_relapse_does_nothing(
    quiet: Intake, verb: str, typed: dict[str, str]
) -> None:
    """The page of now says what has changed, and has its own buttons, which act."""
    path = f"/incidents/{(incident_id := quiet.report(severity='P3'))}"
    old = form_on(quiet, f"{path}/{verb}")
    relapse(quiet, incident_id)
    before = quiet.store.timeline(incident_id)
    answer = press(quiet, f"{path}/{verb}", **old, **typed)

    assert before == quiet.store.timeline(incident_id)
    assert "nothing was done, for it relapsed at" in answer.text
    assert "this was shown for occurrence 1, and occurrence 2 is open" in answer.text
    assert 'class="acts"' in answer.text
    press(quiet, f"{path}/{verb}", **form_on(quiet, f"{path}/{verb}"), **typed)
    assert len(before) < len(quiet.store.timeline(incident_id))


def test_the_one_tap_of_an_open_page_is_for_what_it_shows(quiet: Intake) -> None:
    """Take it, pressed on the page itself."""
    path = f"/incidents/{(incident_id := quiet.report(severity='P3'))}"
    old = form_on(quiet, path)
    relapse(quiet, incident_id)
    answer = press(quiet, f"{path}/ack", **old)

    assert "it relapsed" in answer.text
    assert quiet.store.acknowledged_at(incident_id) is None


def test_the_link_of_a_page_too(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """Whoever opened it before, and pressed after."""
    intake = start_intake(pagerduty)
    incident_id = intake.report(severity="P3")
    link = link_for(intake.store.incident(incident_id), intake.settings)
    path = link.removeprefix(intake.settings.base_url)
    old = form_on(intake, path)
    relapse(intake, incident_id)
    answer = press(intake, f"{path}/ack", **old)

    assert 409 == answer.status_code
    assert "it relapsed" in answer.text
    assert intake.store.acknowledged_at(incident_id) is None
    assert 200 == press(intake, f"{path}/ack", **form_on(intake, path)).status_code


def test_what_somebody_reopened_is_not_resolved_by_an_old_form(quiet: Intake) -> None:
    """It was contained when it was shown."""
    path = f"/incidents/{(incident_id := quiet.report(severity='P3'))}"
    quiet.store.lifecycle.mitigate(incident_id, actor="ann (token)")
    old = form_on(quiet, f"{path}/resolve")
    quiet.store.lifecycle.reopen(incident_id, actor="ann (token)", reason="not over")
    typed = {"disposition": "fixed", "rootCause": "an index"}
    answer = press(quiet, f"{path}/resolve", **old, **typed)

    assert "it was mitigated when this was shown, and is investigating again" in answer.text
    assert Status.INVESTIGATING is quiet.store.incident(incident_id).status


def test_what_has_become_worse_is_not_taken_by_an_old_form(quiet: Intake) -> None:
    """Who took it would have taken the lesser one."""
    path = f"/incidents/{(incident_id := quiet.report(severity='P3'))}"
    old = form_on(quiet, path)
    raise_severity(quiet, incident_id)
    answer = press(quiet, f"{path}/ack", **old)

    assert "it was P3 when this was shown, and is P1 now" in answer.text
    assert quiet.store.acknowledged_at(incident_id) is None


@pytest.mark.parametrize(
    "happens",
    [
        lambda intake, of: intake.store.lifecycle.take(of, actor="ann (token)"),
        lambda intake, of: intake.store.lifecycle.mitigate(of, actor="ann (token)"),
    ],
    ids=["taken", "mitigated"],
)
def test_that_it_went_on_is_no_change(
    quiet: Intake, happens: Callable[[Intake, str], object]
) -> None:
    """A form stays good while others work on the same outbreak."""
    path = f"/incidents/{(incident_id := quiet.report(severity='P3'))}/resolve"
    old = form_on(quiet, path)
    happens(quiet, incident_id)
    press(quiet, path, **old, disposition="fixed", rootCause="an index")

    assert Status.RESOLVED is quiet.store.incident(incident_id).status


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({SHOWN_FOR: {"occurrence": 1}}, 409),
        ({SHOWN_FOR: {"occurrence": 2}}, 200),
        ({}, 200),
        ({SHOWN_FOR: {"occurrence": 0}}, 422),
        ({SHOWN_FOR: {"outbreak": 1}}, 422),
    ],
)
def test_a_program_may_name_what_it_means(
    quiet: Intake, given: dict[str, object], status: int
) -> None:
    """409 with what has changed; who names nothing means the incident as it is."""
    incident_id = quiet.report(severity="P3")
    relapse(quiet, incident_id)
    headers = bearer(token_for(quiet.store, "rob"))
    path = f"/v1/incidents/{incident_id}/ack"
    answer = quiet.client.post(path, headers=headers, json=given)

    assert status == answer.status_code
    assert (status == 200) == (quiet.store.acknowledged_at(incident_id) is not None)
    if status == 409:
        assert "it relapsed at" in answer.json()["detail"]
