"""Corrective actions on the incident's page: added by a form; each leads to what it waits for."""

from __future__ import annotations

from playwright.sync_api import Browser

from fixtures.browser import signed_in
from fixtures.intake import StartIntake
from schemas.corrective import Stage
from schemas.incident import Status


def test_from_added_to_verified_by_the_page(browser: Browser, start_intake: StartIntake) -> None:
    """Also when the incident is over; the card's link names the action that is meant."""
    intake = start_intake()
    incident_id = intake.report(type="drift", service="shop", severity="P3")
    intake.store.set_status(incident_id, Status.RESOLVED, actor="test")
    with signed_in(browser, intake) as page:
        for text in ("a test", "a <b>prompt</b>"):
            page.goto(f"/incidents/{incident_id}/action-add")
            page.fill("textarea[name=text]", text)
            page.select_option("select[name=category]", "training")
            page.fill("input[name=verifier]", "ann")
            page.click("button.first")
        page.get_by_role("link", name="CA-2 (training), open, rob does it").click()
        named = page.input_value("input[name=action]")
        page.click("button.first")
        said = page.inner_text("[role=status]")
    with signed_in(browser, intake, "ann") as page:
        page.goto(f"/incidents/{incident_id}")
        page.get_by_role("link", name="CA-2 (training), done").click()
        shown = page.inner_text("pre")
        page.click("button.first")
        page.get_by_text("CA-2 (training), verified by ann").wait_for()

    assert ("CA-2", True) == (named, said.startswith("CA-2: done, ann has to verify it"))
    assert "a <b>prompt</b>" in shown
    assert "a test" not in shown
    stages = [each.stage for each in intake.store.corrective.of(incident_id)]
    assert [Stage.OPEN, Stage.VERIFIED] == stages
