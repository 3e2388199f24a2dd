"""What a page offers does what it says: procedures with their dry run, forms, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from deployments.cli.demo.sample import create_demo
from fixtures.browser import signed_in
from fixtures.intake import Intake, StartIntake
from fixtures.people import PEOPLE_AS_VARIABLE, bearer, token_for
from samples.targets import git
from schemas.approvals import Question, State, What
from schemas.incident import Status
from support import wait_until
from tasks.approvals.ask import ask
from tasks.deploy.freeze_target import freeze_target
from tasks.deploy.freezes import read_freeze
from tasks.do import Directly
from tasks.incident.evidence import Evidence

HTML = {"Accept": "text/html"}


@pytest.fixture
def demo_intake(
    start_intake: StartIntake, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Intake:
    """An intake whose target `demo` runs a bad release, deployed by a script."""
    config = tmp_path / "aeef.toml"
    demo = tmp_path / "demo"
    config.write_text(create_demo(demo))
    # It has one more good release, for its second rollback: here the first is the last.
    (demo / "provenance" / f"{git(demo, 'rev-parse', 'HEAD~2')}.json").unlink()
    monkeypatch.setenv("AEEF_CONFIG", str(config))
    monkeypatch.setenv("AEEF_HOME", str(home))
    for name, value in PEOPLE_AS_VARIABLE.items():
        monkeypatch.setenv(name, value)
    return start_intake()


def test_a_rollback_begins_on_the_page_and_ends_there(
    browser: Browser, demo_intake: Intake
) -> None:
    """First what a dry run says, then one more tap; the steps come in, the person is on record."""
    incident_id = demo_intake.report(type="deployment-failure", service="demo")
    demo_intake.store.acknowledge(incident_id, actor="rob (token)")
    with signed_in(browser, demo_intake) as page:
        page.goto(f"/incidents/{incident_id}")
        page.click("text=Roll back …")
        assert "would roll demo back to" in page.inner_text("pre")
        page.click("text=Yes: Roll back")
        assert "The rollback of demo has begun" in page.inner_text("[role=status]")
        page.get_by_text("healthy since").first.wait_for(timeout=60_000)

    wait_until(lambda: demo_intake.store.incident(incident_id).status is Status.MITIGATED)
    by = [
        each.actor
        for each in demo_intake.store.incident(incident_id).actions_taken
        if each.action.startswith(("the rollback", "rolled demo back"))
    ]
    assert ["rob (token)"] * 2 == by
    with signed_in(browser, demo_intake) as page:
        page.goto(f"/incidents/{incident_id}/roll-back")
        assert "Not possible now" in page.inner_text("[role=alert]")


def test_a_rollback_goes_where_its_dry_run_said_or_nowhere(
    browser: Browser, demo_intake: Intake
) -> None:
    """What it would do has changed since it was shown: nothing is done, and the page says so."""
    incident_id = demo_intake.report(type="deployment-failure", service="demo")
    demo = demo_intake.settings.target("demo").repository
    shown, other = git(demo, "rev-parse", "HEAD~1"), git(demo, "rev-parse", "HEAD~2")
    with signed_in(browser, demo_intake) as page:
        page.goto(f"/incidents/{incident_id}/roll-back")
        proof = demo / "provenance" / f"{shown}.json"
        text = proof.read_text().replace(shown, other)
        proof.with_stem(other).write_text(text)
        proof.unlink()
        page.click("text=Yes: Roll back")
        said = page.inner_text("[role=alert]")
        assert page.url.partition("?")[0].endswith(f"/incidents/{incident_id}")

    assert "nothing was done, for Roll back would do something else now" in said
    assert f"would roll demo back to {other}" in said
    assert not [each for each in demo_intake.actions(incident_id) if "the rollback" in each]


def test_a_freeze_is_released_once_somebody_else_has_approved(
    browser: Browser, demo_intake: Intake
) -> None:
    """Who asks does not sign; who signs reads exactly what they sign; then it is pressed again."""
    incident_id = demo_intake.report(type="deployment-failure", service="demo")
    Directly(incident_id, "rob (token)")(freeze_target, "demo", "", "until the cause is found")
    path = f"/incidents/{incident_id}"
    with signed_in(browser, demo_intake, "rob") as page:
        page.goto(f"{path}/approve")
        assert "nothing of" in page.inner_text("[role=alert]")
        assert 0 == page.locator("main form").count()
        page.goto(f"{path}/release-freeze")
        assert "would release deployments on demo" in page.inner_text("pre")
        page.click("text=Yes: Release freeze")
        assert "approve" in page.inner_text("[role=status]")
    assert read_freeze("demo", demo_intake.settings.home)
    with signed_in(browser, demo_intake, "ann") as page:
        page.goto(path)
        page.click("text=Approve …")
        assert "Allow deployments on demo again" in page.inner_text("pre")
        page.click("text=Yes: Approve")
        assert page.inner_text("[role=status]")
    with signed_in(browser, demo_intake, "rob") as page:
        page.goto(f"{path}/release-freeze")
        page.click("text=Yes: Release freeze")

    wait_until(lambda: read_freeze("demo", demo_intake.settings.home) is None)


def test_of_several_that_wait_each_is_decided_by_itself(
    browser: Browser, demo_intake: Intake
) -> None:
    """Each button says what it approves, and approves that; an old one decides on no other."""
    incident_id = demo_intake.report(type="deployment-failure", service="demo")
    first, second = (
        ask(
            incident_id,
            Question(
                what=What.RESUME_AGENT, subject=name, shown=f"let {name} work", asked_by="cli"
            ),
            demo_intake.settings,
            actor="a test",
        )[0]
        for name in ("agent-1", "agent-2")
    )
    path = f"/incidents/{incident_id}"
    with signed_in(browser, demo_intake, "ann") as page:
        page.goto(f"{path}/approve")
        assert 2 == page.locator("main form").count()
        page.goto(path)
        assert "let agent-1 work" in page.inner_text(".acts")
        old = page.get_by_text(f"Reject: {first.title} …").get_attribute("href")
        page.get_by_text(f"Approve: {first.title} …").click()
        assert "let agent-2 work" not in page.inner_text("main")
        page.click("text=Yes: Approve")
        approvals = demo_intake.store.approvals
        assert [State.GRANTED, State.WAITING] == [
            approvals.get(e.id).state for e in (first, second)
        ]
        page.goto(str(old))
        assert "does not wait any more" in page.inner_text("[role=alert]")
        assert 0 == page.locator("main form").count()


def test_the_automation_is_stopped_and_started(browser: Browser, demo_intake: Intake) -> None:
    """Every page says so meanwhile, with why and who."""
    incident_id = demo_intake.report(type="deployment-failure", service="demo")
    with signed_in(browser, demo_intake) as page:
        page.goto(f"/incidents/{incident_id}/stop-automation")
        page.fill("textarea", "it makes it worse")
        page.click("main button")
        said = page.inner_text(".sentence")
        page.goto("/incidents")
        strip = page.inner_text(".strip")
        page.goto(f"/incidents/{incident_id}/start-automation")
        page.fill("textarea", "mended")
        page.click("main button")
        after = page.inner_text(".sentence")

    assert "automation is off for demo" in said
    assert "by rob (token)" in strip
    assert "it makes it worse" in strip
    assert "automation is off" not in after


def test_what_is_refused_says_why_and_keeps_what_was_typed(demo_intake: Intake) -> None:
    """In the form itself; nothing is changed."""
    incident_id = demo_intake.report(severity="P4")
    path = f"/incidents/{incident_id}/resolve"
    form = {"rootCause": "a <b>migration</b>", "disposition": "nonsense"}
    refused = demo_intake.ask("POST", path, data=form, headers=HTML)
    unknown = demo_intake.ask("POST", f"/incidents/{incident_id}/explode", data={}, headers=HTML)
    reader = demo_intake.client.post(
        f"/incidents/{incident_id}/ack",
        headers={**HTML, **bearer(token_for(demo_intake.store, "rea"))},
        data={},
    )

    assert (422, 404, 403) == (refused.status_code, unknown.status_code, reader.status_code)
    assert "disposition" in refused.text
    assert "a &lt;b&gt;migration&lt;/b&gt;" in refused.text
    assert Status.OPEN is demo_intake.store.incident(incident_id).status


def test_no_page_can_be_made_to_say_something(demo_intake: Intake) -> None:
    """What was just done is signed: an address with other words says nothing."""
    incident_id = demo_intake.report(severity="P4")
    answer = demo_intake.ask("GET", f"/incidents/{incident_id}?done=fired", headers=HTML)

    assert "fired" not in answer.text


@pytest.mark.proves("RET-ACCESS")
def test_reading_evidence_is_on_record(demo_intake: Intake) -> None:
    """By whom; not for who may only read the record."""
    incident_id = demo_intake.report(type="deployment-failure", service="demo", severity="P4")
    Evidence(incident_id, demo_intake.settings.home).keep("a.txt", b"what ran", source="a test")
    path = f"/incidents/{incident_id}/evidence/a.txt"
    reader = demo_intake.client.get(path, headers=bearer(token_for(demo_intake.store, "rea")))
    read = demo_intake.client.get(path, headers=bearer(token_for(demo_intake.store, "aud")))
    absent = demo_intake.client.get(
        f"/incidents/{incident_id}/evidence/..%2f..%2fmasking.key",
        headers=bearer(token_for(demo_intake.store, "aud")),
    )

    assert (403, 200, 404) == (reader.status_code, read.status_code, absent.status_code)
    assert "what ran" == read.text
    entries = demo_intake.store.timeline(incident_id)
    assert ["aud (token)"] == [e.actor for e in entries if e.action == "read evidence a.txt"]
