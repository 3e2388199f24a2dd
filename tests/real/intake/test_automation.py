"""That the automation is not on is shown by the intake wherever somebody looks."""

from __future__ import annotations

import html
import re
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fixtures.cli import Aeef
from fixtures.intake import Intake, StartIntake
from schemas.automation import Mode
from schemas.incident import Phase
from standins.pagerduty import PagerDuty
from support import wait_until
from tasks.incident.claim_runbook import finish_runbook

HTML = {"Accept": "text/html,application/xhtml+xml"}


def text_of(page: str) -> str:
    """What people read, without the marks that make times of times."""
    return html.unescape(re.sub(r"</?time[^>]*>", "", page))


def modes(intake: Intake) -> set[tuple[str, str]]:
    """Targets and their modes, as Prometheus reads them."""
    families = text_string_to_metric_families(intake.ask("GET", "/metrics").text)
    samples = [each for family in families for each in family.samples]
    return {
        (each.labels["target"], each.labels["mode"])
        for each in samples
        if each.name == "aeef_automation" and each.value
    }


def test_nothing_is_said_while_it_is_on(intake: Intake) -> None:
    """Neither to the sender, nor on a page."""
    answer = intake.ask("POST", "/v1/alerts", json={"type": "drift", "service": "shop"}).json()
    page = intake.ask("GET", f"/incidents/{answer['incidentId']}", headers=HTML).text

    assert "automation" not in answer
    assert "Note: automation" not in page
    assert {("", "on")} == modes(intake)


def test_pages_people_and_senders_learn_of_it(intake: Intake, pagerduty: PagerDuty) -> None:
    """Who was paged by PagerDuty, who looks at the list or the incident, and Prometheus."""
    intake.store.set_automation(Mode.OFF, why="<b>it moves</b>", actor="anna")
    word = str(intake.store.automation().of())
    alert = {"type": "security", "severity": "P1", "service": "shop", "description": "x" * 2000}
    answer = intake.ask("POST", "/v1/alerts", json=alert).json()
    shown = [
        intake.ask("GET", path, headers=HTML).text
        for path in ("/incidents", f"/incidents/{answer['incidentId']}")
    ]
    wait_until(lambda: "paged on-call by PagerDuty" in intake.actions(answer["incidentId"]))
    (paged,) = pagerduty.alerts.values()

    assert word == answer["automation"]
    assert all(word in text_of(page) for page in shown)
    assert str(paged.payload["summary"]).endswith(f" [{word}]")
    assert word == paged.payload["custom_details"]["automation"]
    assert {("", "off")} == modes(intake)


def test_the_metric_has_each_target_of_which_something_is_said(intake: Intake) -> None:
    """Whatever was said of it first."""
    intake.store.set_automation(Mode.OBSERVE, why="w", actor="anna")
    intake.store.set_automation(Mode.ON, target="shop", why="w", actor="anna")
    first = modes(intake)
    intake.store.set_automation(Mode.OFF, why="w", actor="anna")

    assert {("", "observe"), ("shop", "on")} == first
    assert {("", "off"), ("shop", "off")} == modes(intake)


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.OFF])
def test_who_waits_for_a_report_is_not_told_that_it_is_done(
    there: Intake, aeef: Aeef, mode: Mode
) -> None:
    """The run ended, and has changed nothing."""
    there.store.set_automation(mode, why="it moves", actor="anna")
    opened = there.report(type="drift", severity="P4", service="shop")
    incident = there.store.incident(opened)
    finish_runbook(incident, uuid4(), there.settings, withheld=True)

    state = there.ask("GET", f"/incidents/{opened}/runbook").json()["state"]
    told = aeef("report", "drift", "--severity", "P4", "--service", "shop", "--wait")

    assert Phase.WITHHELD.value == state
    assert 1 == told.code
    assert f"  {mode.in_words} since " in told.out
    assert "runbook: done" not in told.out


def test_the_end_of_a_run_that_was_withheld_is_the_end_of_waiting(
    start_intake: StartIntake, aeef: Aeef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sentence, and an exit code that scripts understand."""
    from deployments.cli.report import report as module

    intake = start_intake()
    monkeypatch.setenv("AEEF_INTAKE__PORT", str(intake.settings.intake.port))
    monkeypatch.setenv("AEEF_INTAKE__TOKEN", "intake-token-0123456789abcdef")
    intake.store.set_automation(Mode.OBSERVE, why="it moves", actor="anna")
    accepted = module._accepted  # noqa: SLF001 - called between the report and the waiting

    def respond(opened: dict[str, object]) -> str:
        incident = intake.store.incident(str(opened["incidentId"]))
        finish_runbook(incident, uuid4(), intake.settings, withheld=True)
        return str(accepted(opened))

    monkeypatch.setattr(module, "_accepted", respond)
    told = aeef("report", "drift", "--severity", "P4", "--service", "shop", "--wait")

    assert 1 == told.code
    assert f"runbook: {Phase.WITHHELD.value}" in told.out
    assert told.err.startswith(f"error: {Phase.WITHHELD.value}; see ")
    assert told.err.rstrip().endswith("and take over")
