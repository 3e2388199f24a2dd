"""The page of a review by the calendar, the same for programs and by command."""

from __future__ import annotations

from fixtures.cli import Aeef
from fixtures.intake import QUICK, Intake, StartIntake
from fixtures.people import bearer, token_for
from schemas.calendar import Kind
from standins.pagerduty import PagerDuty
from support import wait_until
from tasks.calendar.draw_up import draw_up

HTML = {"Accept": "text/html"}


def test_people_read_it_and_say_who_attended(intake: Intake) -> None:
    """Those who may; by the page or a program, with their name on record."""
    review = draw_up(Kind.WEEKLY, intake.settings).review
    here = f"/calendar/weekly/{review.period}"
    given = {"people": ["rob", "Zoë <b>"], "decided": "CA-1 <first>"}
    refused = intake.client.post(
        f"/v1{here}/attended", json=given, headers=bearer(token_for(intake.store, "rea"))
    )
    done = intake.client.post(
        f"/v1{here}/attended", json=given, headers=bearer(token_for(intake.store, "rob"))
    )
    page = intake.ask("GET", here, headers=HTML).text
    typed = intake.ask(
        "POST", here, content="people=ann%2C+bob&decided=",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    nobody = intake.ask(
        "POST", here, content="people=+%2C",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip

    assert (403, 200) == (refused.status_code, done.status_code)
    assert "rob (token)" == done.json()["attended"][0]["actor"]
    assert "Zoë &lt;b&gt;" in page
    assert "CA-1 &lt;first&gt;" in page
    assert (303, 422) == (typed.status_code, nobody.status_code)
    assert ["ann", "bob"] == intake.ask("GET", here).json()["attended"][1]["people"]
    assert here in intake.ask("GET", "/calendar", headers=HTML).text
    assert 404 == intake.ask("GET", "/calendar/weekly/1999-W01").status_code
    assert 404 == intake.ask("GET", "/calendar/daily/2026-W01").status_code


def test_repeated_warnings_are_seen_by_the_intake(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """Without Prefect, and without anybody asking."""
    timing = QUICK._replace(warnings=0.05)
    intake = start_intake(pagerduty, timing=timing, grouping={"by": []})
    for number in range(3):
        intake.report(severity="P3", type="drift", service="shop", dedupKey=str(number))

    [review] = wait_until(lambda: intake.store.calendar.newest(Kind.WARNINGS).found)
    assert 3 == len(review.sections[0].lines)


def test_by_command(aeef: Aeef) -> None:
    """Drawn up, listed, shown, attended."""
    drawn = aeef("calendar", "draw-up", "monthly").out
    period = drawn.split()[2]
    shown = aeef("calendar", "show", "monthly").out
    said = aeef("calendar", "attended", "monthly", period, "--person", "ann", "--decided", "go on")
    [listed] = aeef("calendar", "list", "--json").json

    assert "drawn up" in drawn
    assert f"# Monthly review {period}" in shown
    assert 0 == said.code
    assert ["ann"] == listed["attended"][0]["people"]
    assert "not proven" in listed["attended"][0]["actor"]
    assert 1 == aeef("calendar", "show", "monthly", "1999-01").code
    assert 1 == aeef("calendar", "draw-up", "warnings").code
