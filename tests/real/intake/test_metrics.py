"""/metrics as Prometheus reads it: what happened is counted, and dashboard and rules fit it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from fixtures.intake import QUICK, Intake, StartIntake
from fixtures.people import bearer
from schemas.automation import Act
from schemas.errors import Withheld
from schemas.incident import Severity
from schemas.model import utc_now
from standins.pagerduty import PagerDuty
from standins.real.prometheus import RealPrometheus, promtool
from standins.webhook_receiver import WebhookReceiver
from support import ROOT, wait_until
from tasks.armed.lever import Lever, Outcome, Tried
from tasks.armed.table import keep
from tasks.case import Case
from tasks.notify.page_on_call import ensure_page
from tasks.step import STEPS, Step
from tasks.store.claim_keys import failure_key

DASHBOARDS = ROOT / "docs" / "dashboards"
RULES = DASHBOARDS / "aeef.rules.yml"
NAME = re.compile(r"aeef_[a-z_]+")
WITH_DATA_LATER = {"$__range": "10m", "$__rate_interval": "1m"}


def samples(intake: Intake) -> dict[str, list[tuple[dict[str, str], float]]]:
    """What the intake shows, by name."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(intake.client.get("/metrics").text):
        for each in family.samples:
            found.setdefault(each.name, []).append((each.labels, each.value))
    return found


def counted(intake: Intake, name: str) -> list[dict[str, str]]:
    """The labels of what was counted; each once."""
    return [labels for labels, value in samples(intake)[name] if value]


def queries() -> Iterator[str]:
    """What the dashboard asks Prometheus."""
    for panel in json.loads((DASHBOARDS / "aeef.json").read_text())["panels"]:
        for target in panel.get("targets", ()):
            asked = target["expr"]
            for name, value in WITH_DATA_LATER.items():
                asked = asked.replace(name, value)
            yield asked


@pytest.fixture
def lived(start_intake: StartIntake, pagerduty: PagerDuty) -> Iterator[Intake]:
    """An intake with everything that shows something only once it was there."""
    with WebhookReceiver() as receiver:
        webhooks, timing = {"status": receiver.settings()}, QUICK._replace(webhooks=0.02)
        intake = start_intake(pagerduty, webhooks=webhooks, timing=timing)
        wait_until(intake.store.webhooks.states)
        intake.store.report_process("dispatcher", [])
        levers = [Lever(name, lambda: "") for name in ("audit log", "PagerDuty")]
        keep([Tried(each, Outcome.ARMED, "") for each in levers], intake.settings.home,
             all_of_them=True)  # fmt: skip
        intake.store.verify_audit()
        intake.report(severity="P4")
        intake.ask("POST", "/v1/alerts", json=["no alert"])
        wait_until(lambda: "aeef_messages_refused_total" in samples(intake))
        yield intake


def test_what_happens_to_an_incident_is_counted(intake: Intake) -> None:
    """Its page, that somebody took it, its end; what the automation could not do."""
    incident_id = intake.report(severity="P1", type="security")
    wait_until(lambda: counted(intake, "aeef_pages_total"))
    intake.ask("POST", f"/v1/incidents/{incident_id}/ack")
    of = {"severity": "P1", "type": "security"}

    assert [{"channel": "pagerduty", "outcome": "rang"}] == counted(intake, "aeef_pages_total")
    for name in ("page", "acknowledge"):
        assert [of] == counted(intake, f"aeef_time_to_{name}_seconds_count")
    assert [] == counted(intake, "aeef_time_to_resolve_seconds_count")
    assert [] == counted(intake, "aeef_automation_failures_total")


def test_a_failure_of_the_automation_is_counted_once(intake: Intake) -> None:
    """By the page that says so, however often it is ensured."""
    incident_id, key = intake.report(severity="P2", type="drift"), failure_key(uuid4())
    for number in range(2):
        ensure_page(incident_id, intake.settings, holder=str(number), key=key, reason="FAILED")

    assert [{"type": "drift"}] == counted(intake, "aeef_automation_failures_total")


@pytest.mark.proves("REQ-010-11")
def test_an_act_is_counted_by_what_came_of_it(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whom; also that it was not allowed to begin."""
    monkeypatch.setattr("tasks.step.load_settings", lambda: intake.settings)

    def roll(_case: Case, *, asked_by: str = "") -> str:
        if not asked_by:
            raise Withheld("it is off", needs_person=False)
        return f"rolled back for {asked_by}"

    step = Step(roll, "roll back for a test", lambda said: said, 1, Act.ROLLBACK)
    STEPS.remove(step)
    incident_id = intake.report(severity="P4")
    with pytest.raises(Withheld):
        step.directly(incident_id)
    step.directly(incident_id, asked_by="ada")

    assert [
        {"act": "rollback", "by": "automation", "outcome": "refused"},
        {"act": "rollback", "by": "person", "outcome": "done"},
    ] == counted(intake, "aeef_acts_total")


@pytest.mark.proves("REQ-010-11")
def test_who_may_not_is_counted(intake: Intake) -> None:
    """A wrong token, and a page of somebody else's."""
    intake.client.get("/v1/incidents", headers=bearer("nobody"))
    intake.client.post("/v1/incidents/1/ack", headers={"Origin": "https://elsewhere.example"})

    assert [{"reason": "unknown"}, {"reason": "not-allowed"}] == counted(
        intake, "aeef_attempts_refused_total"
    )


def test_promtool_accepts_metrics_and_rules(lived: Intake) -> None:
    """And each name in the dashboard and the rules is in /metrics."""
    shown = lived.client.get("/metrics").content
    used = {
        name for text in (*queries(), RULES.read_text()) for name in NAME.findall(text)
    } - {"aeef_type"}  # fmt: skip

    promtool("check", "metrics", given=shown)
    promtool("check", "rules", str(RULES))
    promtool("test", "rules", str(DASHBOARDS / "aeef.rules.test.yml"))
    assert len(used) > 20
    assert set() == used - samples(lived).keys()


def test_our_own_alerts_come_back_in(intake: Intake) -> None:
    """Each as an incident of this system, with the severity that its rule says."""
    words = {"critical": Severity.P1, "warning": Severity.P3, "info": Severity.P4}
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    for rule in rules:
        name = rule["alert"]
        alert = {
            "status": "firing",
            "labels": {"alertname": name, **rule["labels"]},
            "annotations": rule["annotations"],
            "startsAt": utc_now().isoformat(),
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": name,
        }
        group = {"version": "4", "groupKey": name, "status": "firing", "receiver": "aeef"}
        [opened] = intake.webhook({**group, "alerts": [alert]})["incidents"]
        incident = intake.store.incident(opened["incidentId"])

        assert "aeef-runbooks" == incident.service
        assert "unknown" == incident.type
        assert not incident.severity.value > words[rule["labels"]["severity"]].value


def test_a_real_prometheus_answers_the_dashboard(lived: Intake, tmp_path: Path) -> None:
    """With data for each panel; every rule is evaluated, and none fires."""
    address = lived.settings.intake_url.removeprefix("http://")
    with RealPrometheus(tmp_path / "prometheus", address, RULES) as prometheus:
        wait_until(lambda: prometheus.query("aeef_pages_total"))
        incident_id = lived.report(severity="P1", type="security")
        lived.ask("POST", f"/v1/incidents/{incident_id}/ack")
        for name in ("page", "acknowledge"):
            took = f"increase(aeef_time_to_{name}_seconds_count[10m]) > 0"
            wait_until(lambda took=took: prometheus.query(took))  # type: ignore[misc]
        wait_until(lambda: not prometheus.unhealthy_rules())
        for asked in queries():  # a scrape that was late leaves a gap
            wait_until(lambda asked=asked: prometheus.query(asked))  # type: ignore[misc]

        assert [] == prometheus.query('ALERTS{alertstate="firing"}')
