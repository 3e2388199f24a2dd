"""The link in a page: one more tap and no password; it is bound, old soon, and changes nothing
by being opened.
"""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser

from fixtures.intake import Intake, StartIntake
from schemas.incident import Status
from standins.pagerduty import PagerDuty
from support import wait_until
from tasks.channels.page_link import link_for

LEVEL = {"vp-engineering": {"person": "rob", "urls": ["json://127.0.0.1:9/"]}}


@pytest.fixture
def linked(start_intake: StartIntake, pagerduty: PagerDuty) -> Intake:
    """An intake whose VP Engineering is Rob."""
    return start_intake(pagerduty, contacts=LEVEL)


def link_to(intake: Intake, incident_id: str, to: str = "") -> str:
    """The path of a link as a page to this contact has it."""
    link = link_for(intake.store.incident(incident_id), intake.settings, to)
    assert link.startswith(intake.settings.base_url)
    return link.removeprefix(intake.settings.base_url)


def test_opening_it_changes_nothing(linked: Intake) -> None:
    """Robots that show previews open links, several times and in every way that only reads."""
    path = link_to(linked, incident_id := linked.report())
    wait_until(lambda: "paged" in "".join(linked.actions(incident_id)))
    before = linked.store.timeline(incident_id)
    for method in ("GET", "GET", "HEAD"):
        linked.client.request(method, path)
        linked.client.request(method, f"{path}/ack")

    assert before == linked.store.timeline(incident_id)
    assert linked.store.acknowledged_at(incident_id) is None


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("vp-engineering", "rob (link)"),
        ("", "whoever has the link in the page, not one of our people (link)"),
    ],
)
def test_one_tap_takes_it(browser: Browser, linked: Intake, to: str, name: str) -> None:
    """In the name of whom the page went to, where that is known; nobody signs in."""
    incident_id = linked.report()
    with browser.new_context(base_url=linked.settings.intake_url) as context:
        page = context.new_page()
        page.goto(link_to(linked, incident_id, to))
        page.click("text=Take it")
        assert "has it since" in page.inner_text(".bar")
        page.click("text=Resolve …")
        page.select_option("select", "fixed")
        page.fill("[name=rootCause]", "a migration locked the table")
        page.click("button:has-text('Resolve')")
        assert page.inner_text("[role=status]")

    incident = linked.store.incident(incident_id)
    by = [each.actor for each in incident.actions_taken if not each.automated]
    assert Status.RESOLVED is incident.status
    assert [name] * len(by) == by
    assert len(by) > 1


def test_it_is_good_for_nothing_else(linked: Intake) -> None:
    """Not for another act, nor another incident, nor for the whole page."""
    path = link_to(linked, incident_id := linked.report())
    note = linked.client.post(f"{path}/note", data={"text": "x"})
    forged = linked.client.get(path[:-3] + "xyz")
    whole = linked.client.get(f"/incidents/{incident_id}", headers={"Accept": "text/html"})

    assert (404, 403, 303) == (note.status_code, forged.status_code, whole.status_code)
    assert "this is no link of ours" in forged.text
    assert whole.headers["Location"].startswith("/signin")


def test_an_old_one_says_so(start_intake: StartIntake) -> None:
    """And what to do instead."""
    intake = start_intake(paging={"link_lasts": 0.001})
    path = link_to(intake, incident_id := intake.report())
    answers: list[httpx.Response] = []

    def is_old() -> bool:
        answers.append(intake.client.get(path))
        return answers[-1].status_code == httpx.codes.FORBIDDEN

    wait_until(is_old)
    assert "too old" in answers[-1].text
    assert 403 == intake.client.post(f"{path}/ack").status_code
    assert intake.store.acknowledged_at(incident_id) is None
    assert timedelta(hours=4) == type(intake.settings.paging)().link_lasts


def test_a_reader_who_was_paged_may_not_act(start_intake: StartIntake) -> None:
    """Their roles count, whichever way they come."""
    intake = start_intake(contacts={"vp-engineering": {"person": "rea"}})
    path = link_to(intake, incident_id := intake.report(), "vp-engineering")

    assert 403 == intake.client.post(f"{path}/ack").status_code
    assert intake.store.acknowledged_at(incident_id) is None
