"""A review filled in on its page: saved as it is typed, by several people, and nothing is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from fixtures.browser import barriers, is_one_column, signed_in
from fixtures.intake import Intake, StartIntake
from fixtures.people import bearer, token_for
from pictures.seven import AFTER, SEVEN, put_on_record
from schemas.corrective import Category, CorrectiveAction
from schemas.incident import Incident, Status
from schemas.model import utc_now
from schemas.review import Facts, State, questions_of

HTML = {"Accept": "text/html"}
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 844}
IN_A_TUNNEL = """
const real = window.fetch;
window.fetch = (...given) =>
  sessionStorage.tunnel ? Promise.reject(new TypeError("no network")) : real(...given);
"""
"""A page's own requests fail, also those that it makes when it is left."""
EVIL = "<script>alert(1)</script> {{ 7 * 7 }}\u202e"


@pytest.fixture
def quiet_intake(start_intake: StartIntake) -> Intake:
    """An intake without any channel."""
    return start_intake()


def begun(intake: Intake) -> Incident:
    """A resolved P1 whose review was begun and drafted."""
    incident = put_on_record(SEVEN[0], AFTER, intake.settings)
    store, named = intake.store, incident.incident_id
    store.set_status(named, Status.RESOLVED, actor="rob (token)")
    store.reviews.begin(named, utc_now() + timedelta(days=5))
    entries = store.timeline(named)
    lines = [
        {"at": each.timestamp.isoformat(), "by": each.actor, "text": each.action, "entry": each.seq}
        for each in entries
    ]
    sections: dict[str, Any] = {"timeline": lines, "change": {"author": EVIL}}
    seen = Facts(drafted_at=utc_now(), sections=sections, not_seen=("which model wrote it",))
    store.reviews.draft(named, seen)
    return store.incident(named)


def filled_in(intake: Intake, incident: Incident) -> None:
    """Everything that is asked for, by rob."""
    store = intake.store
    review = store.reviews.of(incident.incident_id)
    assert review
    for question in questions_of(review.form):
        text = question.choices[0] if question.choices else f"{question.name}: 山田 wrote {EVIL}"
        store.reviews.answer(incident.incident_id, question.name, text, actor="rob (token)", seen=0)
    for category in (Category.TEST, Category.SCANNING):
        action = CorrectiveAction(
            incident_id=incident.incident_id,
            category=category,
            text=f"add what lacks {EVIL}",
            owner="rob",
            verifier="ann",
            due_at=utc_now() + timedelta(days=14),
            created_at=utc_now(),
            created_by="rob (token)",
        )
        store.corrective.add(action)


def text_of(intake: Intake, incident: Incident, question: str = "summary") -> str:
    """What the record has."""
    review = intake.store.reviews.of(incident.incident_id)
    assert review
    return review.text(question)


def status_of(page: Page, question: str = "summary") -> Any:
    """What a page says of a question's text."""
    return expect(page.locator(f"#q-{question} .saved"))


def wait_until_saved(page: Page, question: str = "summary") -> None:
    """The page says that the server has the text; a text is sent again after seconds."""
    saved = page.locator(f"#q-{question} .saved.yes")
    expect(saved).to_have_text(re.compile(r"^saved \d\d:\d\d$"), timeout=30_000)


@pytest.mark.parametrize(("scheme", "size"), [("light", PHONE), ("dark", DESK)])
def test_a_review_can_be_read_by_everybody(
    browser: Browser, quiet_intake: Intake, scheme: Any, size: ViewportSize
) -> None:
    """With everything in it: no barrier, one column, nothing of it is run."""
    incident = begun(quiet_intake)
    filled_in(quiet_intake, incident)
    path = f"/incidents/{incident.incident_id}"
    with signed_in(browser, quiet_intake, color_scheme=scheme, viewport=size) as page:
        page.goto(path)
        page.click("text=Being written")
        page.click("#f-timeline summary")
        entry = page.locator("#f-timeline a").first.get_attribute("href") or ""
        for address in (f"{path}/review", "/reviews", f"{path}/review/earlier/summary"):
            page.goto(address)

            assert [] == barriers(page)
            assert is_one_column(page)
        page.goto(entry)
        assert page.locator(f"#{entry.partition('#')[2]}").count()


def test_what_is_typed_is_saved_by_itself(browser: Browser, quiet_intake: Intake) -> None:
    """And said to be, once the server has it; a choice too; the button puts it on record."""
    incident = begun(quiet_intake)
    with signed_in(browser, quiet_intake) as page:
        page.goto(f"/incidents/{incident.incident_id}/review")
        page.fill("#t-summary", "The cart was empty.\n\nFor an hour. ")
        status_of(page).to_have_text("not saved yet")
        page.select_option("#t-gap", "test-gap")

        wait_until_saved(page)
        wait_until_saved(page, "gap")
        expect(page.locator("#q-summary .by")).to_contain_text("rob (token)")
        expect(page.locator("#missing")).not_to_contain_text("Summary;")
        assert "For an hour. " in page.input_value("#t-summary")
        assert "The cart was empty.\n\nFor an hour." == text_of(quiet_intake, incident)
        assert "test-gap" == text_of(quiet_intake, incident, "gap")
        page.click("#q-summary button")
        wait_until_saved(page)
        page.context.clear_cookies()
        page.fill("#t-impact", "After the session ended.")
        status_of(page, "impact").to_contain_text("not saved: sign in again")
    said = [each.action for each in quiet_intake.store.timeline(incident.incident_id)]
    assert 1 == sum("Summary" in each for each in said)


def test_a_completed_review_is_changed_by_the_button_only(
    browser: Browser, quiet_intake: Intake
) -> None:
    """A slip of the hand takes nothing back."""
    incident = begun(quiet_intake)
    filled_in(quiet_intake, incident)
    reviews, named = quiet_intake.store.reviews, incident.incident_id
    reviews.complete(named, actor="rob (token)")
    with signed_in(browser, quiet_intake) as page:
        page.goto(f"/incidents/{named}/review")
        page.fill("#t-lessons", "Look at the cart.")
        status_of(page, "lessons").to_contain_text("not saved: press Save")
        page.click("#q-lessons button")
        wait_until_saved(page, "lessons")
        expect(page.locator(".sentence")).to_contain_text("Being written")
    review = reviews.of(named)
    assert review
    assert (State.DRAFTED, "Look at the cart.") == (review.state, review.text("lessons"))


def test_two_people_write_at_once(browser: Browser, quiet_intake: Intake) -> None:
    """What one writes comes to the other; where both wrote, neither is lost."""
    incident = begun(quiet_intake)
    path = f"/incidents/{incident.incident_id}/review"
    with (
        signed_in(browser, quiet_intake, "rob") as rob,
        signed_in(browser, quiet_intake, "ann") as ann,
    ):
        rob.goto(path)
        ann.goto(path)
        rob.fill("#t-impact", "12 customers")
        expect(ann.locator("#t-impact")).to_have_value("12 customers")
        status_of(ann, "impact").to_contain_text("rob (token) wrote this")
        ann.route("**/review/text/*", lambda route: route.abort())
        ann.fill("#t-summary", "Ann's sentence.")
        status_of(ann).to_contain_text("not saved: the server does not answer")
        rob.fill("#t-summary", "Rob's sentence.")
        conflict = ann.locator("#q-summary .conflict")
        expect(conflict.locator("pre")).to_have_text("Rob's sentence.")
        assert "Ann's sentence." == ann.input_value("#t-summary")
        ann.unroute("**/review/text/*")
        conflict.locator("[data-keep=both]").click()

        wait_until_saved(ann)
        both = "Rob's sentence.\n\nAnn's sentence."
        assert both == text_of(quiet_intake, incident)
        expect(rob.locator("#t-summary")).to_have_value(both)
        rob.reload()
        rob.click("#q-summary .by a")
        assert "Rob's sentence." == rob.inner_text("pre")


def test_what_could_not_be_saved_is_kept_in_the_browser(
    browser: Browser, quiet_intake: Intake
) -> None:
    """Over a reload; it is sent once the server answers, and is not said to be saved before."""
    incident = begun(quiet_intake)
    with signed_in(browser, quiet_intake) as page:
        page.add_init_script(IN_A_TUNNEL)
        page.goto(f"/incidents/{incident.incident_id}/review")
        page.evaluate("sessionStorage.tunnel = '1'")
        page.fill("#t-summary", "Typed in a tunnel.")
        status_of(page).to_contain_text("it is kept in this browser")
        page.reload()
        expect(page.locator("#t-summary")).to_have_value("Typed in a tunnel.")
        status_of(page).to_contain_text("not saved")
        assert "" == text_of(quiet_intake, incident)
        page.evaluate("sessionStorage.clear()")

        wait_until_saved(page)
        assert "Typed in a tunnel." == text_of(quiet_intake, incident)
        assert 0 == page.evaluate("localStorage.length")


def test_an_answer_that_was_lost_is_no_conflict(browser: Browser, quiet_intake: Intake) -> None:
    """The server had the text: it is not held against its own writer."""
    incident = begun(quiet_intake)
    with signed_in(browser, quiet_intake) as page:
        page.goto(f"/incidents/{incident.incident_id}/review")

        def lost(route: Any) -> None:
            route.fetch()
            route.abort()

        page.route("**/review/changes*", lambda route: route.abort())
        page.route("**/review/text/*", lost, times=1)
        page.fill("#t-summary", "First.")
        status_of(page).to_contain_text("the server does not answer")
        page.fill("#t-summary", "First. Second.")

        wait_until_saved(page)
        assert "First. Second." == text_of(quiet_intake, incident)
        assert 0 == page.locator(".conflict").count()


def test_without_a_script_it_is_filled_in_completed_and_read(
    browser: Browser, quiet_intake: Intake
) -> None:
    """A button for each question; a conflict shows both; whoever wrote it does not read it."""
    incident = begun(quiet_intake)
    filled_in(quiet_intake, incident)
    path, named = f"/incidents/{incident.incident_id}/review", incident.incident_id
    store = quiet_intake.store
    with signed_in(browser, quiet_intake, java_script_enabled=False) as page:
        page.goto(path)
        store.reviews.answer(named, "impact", "Max's.", actor="max (token)", seen=1)
        page.fill("#t-impact", "Rob's.")
        page.click("#q-impact button")
        assert "Max's." == page.inner_text("#q-impact pre")
        assert "Rob's." == page.input_value("#t-impact")
        page.click("#q-impact button[value=both]")
        assert "Max's.\n\nRob's." == page.input_value("#t-impact")
        page.click("text=Review is complete")
        assert "complete" in page.inner_text("[role=status]")
        assert "somebody else has to read it" in page.inner_text("#finish")
        assert 0 == page.locator("text=I have read the review").count()
    with signed_in(browser, quiet_intake, "aud", java_script_enabled=False) as page:
        page.goto("/reviews")
        page.click(".list a")
        assert 0 == page.locator("textarea").count()
        page.click("text=I have read the review")
        assert "read by aud (token)" in page.inner_text(".sentence")
    with signed_in(browser, quiet_intake, "rea") as page:
        page.goto(path)
        assert 0 == page.locator("button").count() + page.locator("textarea").count()
        assert "Rob's." in page.inner_text("#q-impact")


def test_what_is_refused_is_not_saved_and_gives_back_what_was_typed(quiet_intake: Intake) -> None:
    """Too long, no such choice, no such question, not signed in, may only read."""
    incident = begun(quiet_intake)
    path = f"/incidents/{incident.incident_id}/review/text"
    long = "x" * 20_001
    refused = {
        "summary": {"text": long, "seen": "0"},
        "gap": {"text": "nonsense", "seen": "0"},
        "impact": {"text": "fine", "seen": "none"},
        "nothing": {"text": "fine", "seen": "0"},
    }
    answers = {
        name: quiet_intake.ask("POST", f"{path}/{name}", data=form, headers=HTML)
        for name, form in refused.items()
    }
    reader = quiet_intake.client.post(
        f"{path}/summary",
        data={"text": "mine", "seen": "0"},
        headers=bearer(token_for(quiet_intake.store, "rea")),
    )

    assert {422} == {each.status_code for each in answers.values()}
    assert long in answers["summary"].text
    assert "at most 20000" in answers["summary"].text
    many = {f"field{number}": "x" for number in range(300)}
    assert 413 == quiet_intake.ask("POST", f"{path}/summary", data=many).status_code
    assert 403 == reader.status_code
    assert 401 == quiet_intake.client.post(f"{path}/summary", data={"text": "x"}).status_code
    review = quiet_intake.store.reviews.of(incident.incident_id)
    assert review
    assert {} == review.texts


def test_there_is_none_before_it_is_resolved(quiet_intake: Intake) -> None:
    """The page says so; that of a P4 is begun there, once it is over."""
    going_on = put_on_record(SEVEN[0], AFTER, quiet_intake.settings)
    over = put_on_record(SEVEN[6], AFTER, quiet_intake.settings)
    quiet_intake.store.set_status(over.incident_id, Status.RESOLVED, actor="rob (token)")
    path = "/incidents/{}/review"
    early = quiet_intake.ask("GET", path.format(going_on.incident_id), headers=HTML)
    before = quiet_intake.ask("GET", path.format(over.incident_id), headers=HTML)
    begin = {"back": "review"}
    quiet_intake.ask("POST", f"/incidents/{over.incident_id}/review-begin", data=begin)
    after = quiet_intake.ask("GET", path.format(over.incident_id))
    quiet_intake.store.lifecycle.close(over.incident_id, actor="rob (token)")
    closed = quiet_intake.ask("GET", path.format(over.incident_id), headers=HTML)

    assert (404, 404, 200) == (early.status_code, before.status_code, after.status_code)
    assert "begins when it is resolved" in early.text
    assert "Begin the review" not in early.text
    assert "Begin the review" in before.text
    assert "short" == after.json()["form"]
    assert "<textarea" in closed.text
    assert "Review is complete" in closed.text


def test_who_takes_it_away_is_on_record(quiet_intake: Intake) -> None:
    """As Markdown, HTML and PDF, each with everything; not for who may only read the record."""
    incident = begun(quiet_intake)
    filled_in(quiet_intake, incident)
    path = f"/incidents/{incident.incident_id}/review"
    store = quiet_intake.store
    auditor, reader = (bearer(token_for(store, name)) for name in ("aud", "rea"))
    found = {
        kind: quiet_intake.client.get(f"{path}.{kind}", headers=auditor)
        for kind in ("md", "html", "pdf", "exe")
    }
    refused = quiet_intake.client.get(f"{path}.html", headers=reader)

    assert [200, 200, 200, 404] == [each.status_code for each in found.values()]
    assert 403 == refused.status_code
    assert found["pdf"].content.startswith(b"%PDF-")
    for kind in ("md", "html"):
        assert "山田 wrote" in found[kind].text
        assert "add what lacks" in found[kind].text
        assert "which model wrote it" in found[kind].text
    assert "<script" not in found["html"].text
    entries = store.timeline(incident.incident_id)
    taken = [each.action for each in entries if each.actor == "aud (token)"]
    assert [f"Read: the review as {kind}" for kind in ("Markdown", "HTML", "PDF")] == taken
