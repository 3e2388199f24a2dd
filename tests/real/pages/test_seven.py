"""The pages in a real browser, as somebody has them at 3 a.m.: seven kinds of incident, at every
moment, on a phone and on a desk, light and dark, with and without JavaScript.
"""

from __future__ import annotations

from itertools import product
from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize

from fixtures.browser import barriers, is_one_column, signed_in
from fixtures.intake import Intake, StartIntake
from pictures.seven import AFTER, BEFORE, DURING, MOMENTS, SEVEN, Kind, put_on_record
from schemas.incident import Status

MOST_BYTES = 30_000
PHONE, DESK = 390, 1280
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture
def quiet_intake(start_intake: StartIntake) -> Intake:
    """An intake without any channel: nothing that rings, and no Prefect."""
    return start_intake()


@pytest.mark.parametrize("kind", SEVEN, ids=lambda kind: kind.type.value)
def test_every_moment_of_every_kind_can_be_read_by_everybody(
    browser: Browser, quiet_intake: Intake, kind: Kind
) -> None:
    """On a phone and on a desk, light and dark: no barrier, one column, and how it stands."""
    incidents = [put_on_record(kind, moment, quiet_intake.settings) for moment in MOMENTS]
    with signed_in(browser, quiet_intake) as page:
        for incident, width in product(incidents, (PHONE, DESK)):
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(f"/incidents/{incident.incident_id}")

            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                assert [] == barriers(page), (scheme, width)
            assert is_one_column(page)
            assert kind.service in page.inner_text("h1")
            assert page.inner_text(".sentence").strip()


@pytest.mark.parametrize("kind", SEVEN, ids=lambda kind: kind.type.value)
def test_a_page_is_small(browser: Browser, quiet_intake: Intake, kind: Kind) -> None:
    """With its style and its script it is less than a picture."""
    incident = put_on_record(kind, AFTER, quiet_intake.settings)
    for number in range(60):
        quiet_intake.store.record_action(incident.incident_id, f"looked {number}: " + "x" * 200)
    sizes: list[int] = []
    with signed_in(browser, quiet_intake) as page:
        page.on("response", lambda answer: sizes.append(len(answer.body())))
        page.goto(f"/incidents/{incident.incident_id}", wait_until="load")
        for path in ("page.css", "page.js"):
            address = page.locator(f"[href*='{path}'],[src*='{path}']").first
            name = address.get_attribute("href") or address.get_attribute("src")
            assert name
            sizes.append(len(page.request.get(name).body()))

    assert MOST_BYTES > sum(sizes[:1] + sizes[-2:])


def test_twice_as_large_text_still_fits(browser: Browser, quiet_intake: Intake) -> None:
    """At 200 % on a phone: one column, and no barrier."""
    incident = put_on_record(SEVEN[2], AFTER, quiet_intake.settings)
    size: ViewportSize = {"width": PHONE, "height": 844}
    with signed_in(browser, quiet_intake, viewport=size) as page:
        for path in (f"/incidents/{incident.incident_id}", "/incidents"):
            page.goto(path)
            page.evaluate("document.documentElement.style.fontSize = '200%'")

            assert is_one_column(page)
            assert page.evaluate("document.querySelector('.bar').offsetHeight") < 844 / 2


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_list_has_what_is_open_first(
    browser: Browser, quiet_intake: Intake, width: int, scheme: Scheme
) -> None:
    """By severity and age, with who has it and how it stands; filters are in the address."""
    for kind in reversed(SEVEN):
        put_on_record(kind, AFTER, quiet_intake.settings)
    over = put_on_record(SEVEN[0], BEFORE, quiet_intake.settings)
    quiet_intake.store.set_status(over.incident_id, Status.RESOLVED, actor="rob")
    size: ViewportSize = {"width": width, "height": 844}
    with signed_in(browser, quiet_intake, color_scheme=scheme, viewport=size) as page:
        page.goto("/")
        first = page.locator(".list .sev").all_inner_texts()

        assert page.url.endswith("/incidents")
        assert ["P1", "P1", "P1", "P2", "P2", "P3", "P4", "P1"] == first
        assert "Rob Example has it" in page.inner_text(".list .card:first-child")
        assert [] == barriers(page)
        assert is_one_column(page)
        page.click("#filters summary")
        page.select_option("#severity", "P2")
        page.fill("#q", "outside")
        page.click("#filters button")
        assert "severity=P2" in page.url
        assert ["P2"] == page.locator(".list .sev").all_inner_texts()


def test_without_a_script_all_of_it_works(browser: Browser, quiet_intake: Intake) -> None:
    """Take it with one tap, then write a note."""
    incident = put_on_record(SEVEN[0], BEFORE, quiet_intake.settings)
    with signed_in(browser, quiet_intake, java_script_enabled=False) as page:
        page.goto(f"/incidents/{incident.incident_id}")
        assert "nobody: VP Engineering is called in " in page.inner_text(".bar")
        page.click("text=Take it")

        assert "Rob Example has it since" in page.inner_text(".bar")
        assert page.inner_text("[role=status]")
    entries = quiet_intake.store.timeline(incident.incident_id)
    assert ["rob (token)"] == [each.actor for each in entries if "acknowledged" in each.action]


def test_the_keyboard_is_enough(browser: Browser, quiet_intake: Intake) -> None:
    """Tab to the likeliest button, which is the first, and press it."""
    incident = put_on_record(SEVEN[0], BEFORE, quiet_intake.settings)
    with signed_in(browser, quiet_intake) as page:
        page.goto(f"/incidents/{incident.incident_id}")
        focused = []
        for _ in range(4):
            page.keyboard.press("Tab")
            focused.append(page.evaluate("document.activeElement.textContent.trim()"))
            if focused[-1] == "Take it":
                break
        page.keyboard.press("Enter")
        page.wait_for_url("**done=*")

        assert ["Skip to the content", "All incidents", "Take it"] == focused
        assert "has it since" in page.inner_text(".bar")


def test_an_open_page_hears_of_what_happens(browser: Browser, quiet_intake: Intake) -> None:
    """By server-sent events, within two seconds, without being loaded again."""
    incident = put_on_record(SEVEN[0], DURING, quiet_intake.settings)
    with signed_in(browser, quiet_intake) as page:
        with page.expect_request("**/live"):
            page.goto(f"/incidents/{incident.incident_id}")
        page.evaluate("window.same = true")
        quiet_intake.store.record_action(incident.incident_id, SEVEN[0].steps[1])
        page.get_by_text("healthy since").first.wait_for(timeout=10_000)

        assert page.evaluate("window.same")


def test_who_may_only_read_has_no_button(browser: Browser, quiet_intake: Intake) -> None:
    """Nor is an act of theirs taken."""
    incident = put_on_record(SEVEN[0], BEFORE, quiet_intake.settings)
    with signed_in(browser, quiet_intake, "rea") as page:
        page.goto(f"/incidents/{incident.incident_id}")
        assert 0 == page.locator("button").count()
        page.goto(f"/incidents/{incident.incident_id}/ack")
        assert "You may not do this" in page.inner_text("[role=alert]")
    assert quiet_intake.store.acknowledged_at(incident.incident_id) is None
