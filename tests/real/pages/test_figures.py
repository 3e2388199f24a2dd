"""The page of figures in a real browser, on a phone and on a desk; each number leads to its own."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, ViewportSize

from fixtures.browser import barriers, is_one_column, signed_in
from fixtures.intake import Intake, StartIntake
from real.pages.test_seven import DESK, PHONE, Scheme
from schemas.figures import Moment
from schemas.incident import Status
from schemas.model import utc_now

HTML = {"Accept": "text/html"}


@pytest.fixture
def lived(start_intake: StartIntake) -> Intake:
    """An intake with four incidents, one of them a drill."""
    intake = start_intake()
    at = (utc_now() - timedelta(hours=1)).isoformat()
    for number, severity in enumerate(("P1", "P1", "P2", "P3")):
        labels = {"drill": "true"} if severity == "P3" else {"team": f"team-{number}"}
        incident = intake.report(
            severity=severity, service=f"s{number}", labels=labels, detectedAt=at
        )
        intake.store.record_action(incident, "isolated", moment=Moment.CONTAINED)
        if number:
            intake.store.acknowledge(incident, actor="ann")
            intake.store.set_status(incident, Status.RESOLVED, actor="ann", automated=False)
    return intake


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(browser: Browser, lived: Intake, scheme: Scheme) -> None:
    """No barrier, one column, with what is there and with nothing."""
    for width in (PHONE, DESK):
        size: ViewportSize = {"width": width, "height": 844}
        with signed_in(browser, lived, color_scheme=scheme, viewport=size) as page:
            for path in (
                "/figures",
                "/figures?by=team",
                "/figures?until=2020-01-01&since=2019-01-01",
            ):
                page.goto(path)

                assert [] == barriers(page)
                assert is_one_column(page)


def test_each_number_leads_to_exactly_what_it_counts(lived: Intake) -> None:
    """For people and for programs; a drill is asked for by itself."""
    page = lived.ask("GET", "/figures", headers=HTML).text
    found = re.findall(r'<a href="(/incidents\?[^"]+)">(\d+)</a>', page)

    assert len(found) > 10
    for address, number in found:
        asked = address.replace("&amp;", "&")
        assert len(lived.ask("GET", asked).json()) == int(number)
        assert f">{number} incident" in lived.ask("GET", asked, headers=HTML).text
    drills = lived.ask("GET", "/v1/figures?drills=1&by=service").json()
    assert [each["name"] for each in drills["groups"]] == ["s3"]
    assert "DRILL" in lived.ask("GET", "/incidents", headers=HTML).text
    assert lived.ask("GET", "/figures?by=moon").status_code == 422
    assert lived.ask("GET", "/incidents?figure=moon").status_code == 422
