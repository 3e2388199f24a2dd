"""What the intake shows: incidents, the way to their run, metrics, health; never a secret."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fixtures.intake import TOKEN, Intake, StartIntake
from schemas.incident import Phase
from schemas.validation import validate
from standins.alertmanager import TOKEN as ALERTMANAGER_TOKEN
from standins.alertmanager import Alertmanager
from standins.jira import TOKEN as JIRA_TOKEN
from standins.jira import Jira
from standins.pagerduty import ROUTING_KEY, PagerDuty
from standins.slack import TOKEN as SLACK_TOKEN
from standins.slack import Slack
from support import wait_until
from tasks.armed.lever import Lever, Outcome, Tried
from tasks.armed.table import keep
from tasks.store.progress import note_progress

HTML = {"Accept": "text/html,application/xhtml+xml"}
EVIL = "<script>alert(1)</script> & \"quoted\" 'too' {{ 7 * 7 }}"
SECRETS = (TOKEN, ROUTING_KEY, SLACK_TOKEN, JIRA_TOKEN, ALERTMANAGER_TOKEN)
DAY = timedelta(days=1)


def test_programs_get_the_records(intake: Intake) -> None:
    """Newest first, each valid by the spec's schema; one by its id or its number."""
    ids = [intake.report(service=f"s{number}", severity="P4") for number in range(3)]
    records = intake.ask("GET", "/incidents").json()
    for record in records:
        validate("incident", record)

    assert ids[::-1] == [record["incidentId"] for record in records]
    assert records[0] == intake.ask("GET", f"/incidents/{ids[2]}").json()
    assert records[0] == intake.ask("GET", "/incidents/3").json()


def test_a_page_says_what_is_only_guessed(intake: Intake) -> None:
    """Who says the type, and what waits for a person; a sender's word waits for nobody."""
    alert = {"severity": "P4", "service": "shop", "description": "PII exposed"}
    opened = intake.ask("POST", "/v1/alerts", json=alert).json()
    guess = opened["incidentId"]
    said = intake.report(severity="P4")
    page, other = (
        intake.ask("GET", f"/incidents/{each}", headers=HTML).text for each in (guess, said)
    )

    assert "data-breach (guessed from &#39;pii exposed&#39; in the description)" in page
    assert f"<pre>aeef confirm {opened['number']}\n" in page
    assert "security; the sender says so" in other
    assert "aeef confirm" not in other


def test_a_list_has_pages(intake: Intake) -> None:
    """`limit` and `before` walk through all of them."""
    ids = [intake.report(service=f"s{number}", severity="P4") for number in range(3)]
    first = intake.ask("GET", "/incidents?limit=2").json()
    rest = intake.ask("GET", f"/incidents?limit=2&before={first[-1]['incidentId']}").json()

    assert ids[::-1] == [record["incidentId"] for record in first + rest]


def test_no_text_turns_a_page_round(intake: Intake) -> None:
    """Nor hides in it; the record still has what was said."""
    said = "the file \u202etxt.exe\u200b"
    incident_id = intake.report(service="\u2066shop", severity="P4", description=said)
    for path in ("/incidents", f"/incidents/{incident_id}"):
        page = intake.ask("GET", path, headers=HTML).text

        assert "shop" in page
        assert not {"\u202e", "\u200b", "\u2066"} & set(page)
    assert said == intake.ask("GET", f"/incidents/{incident_id}").json()["description"]


@pytest.mark.parametrize("path", ["{}", "{}/run", "{}/runbook"])
@pytest.mark.parametrize("incident_id", ["12345678-1234-4234-8234-123456789abc", "zz", "<b>"])
def test_an_unknown_incident_is_404(empty_intake: Intake, path: str, incident_id: str) -> None:
    """And the answer is a clear message."""
    answer = empty_intake.ask("GET", f"/incidents/{path.format(incident_id)}")

    assert 404 == answer.status_code
    assert answer.headers["content-type"] == "application/json"
    assert "incident" in answer.json()["detail"]


def test_people_get_pages_in_which_nothing_from_outside_is_code(intake: Intake) -> None:
    """Everything that a sender wrote is escaped, and no script would run anyway."""
    incident_id = intake.report(description=EVIL, service=EVIL, severity="P4", source=EVIL)
    for path in ("/incidents", f"/incidents/{incident_id}"):
        answer = intake.ask("GET", path, headers=HTML)

        assert (200, "text/html; charset=utf-8") == (
            answer.status_code,
            answer.headers["content-type"],
        )
        assert ['<script src="/static/page.js'] == re.findall(r"<script[^?>]*", answer.text)
        assert "&lt;script&gt;" in answer.text
        assert "{{ 7 * 7 }}" in answer.text
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy


def test_an_empty_list_says_what_to_try(empty_intake: Intake) -> None:
    """The first thing that a new user sees."""
    assert "aeef report" in empty_intake.ask("GET", "/incidents", headers=HTML).text


def test_the_page_says_what_to_do_next(intake: Intake) -> None:
    """Until the incident is over."""
    incident_id = intake.report(severity="P4")
    short = intake.store.incident(incident_id).number
    page = intake.ask("GET", f"/incidents/{incident_id}", headers=HTML).text

    assert f"aeef ack {short}" in page
    assert f"aeef resolve {short}" in page
    assert "incident opened from api" in page


def test_the_way_to_the_run(intake: Intake, start_intake: StartIntake) -> None:
    """404 until a run has taken the incident; then to Prefect's UI, to the most severe one's."""
    incident_id = intake.report(severity="P4")
    none_yet = intake.ask("GET", f"/incidents/{incident_id}/run")
    one, two = uuid4(), uuid4()
    intake.store.claim(incident_id, "runbook:P2", f"run {one}", DAY)
    first = intake.ask("GET", f"/incidents/{incident_id}/run")
    intake.store.claim(incident_id, "runbook:P1", f"run {two}", DAY)
    elsewhere = start_intake(prefect_ui_url="https://prefect.example/")
    second = elsewhere.ask("GET", f"/incidents/{incident_id}/run")

    assert 404 == none_yet.status_code
    assert "no run has started" in none_yet.json()["detail"]
    assert (303, f"http://127.0.0.1:9/runs/flow-run/{one}") == (
        first.status_code,
        first.headers["Location"],
    )
    assert f"https://prefect.example/runs/flow-run/{two}" == second.headers["Location"]
    page = intake.ask("GET", f"/incidents/{incident_id}", headers=HTML).text
    assert f'href="/incidents/{incident_id}/run"' in page


def test_a_rollback_by_hand_has_no_run(intake: Intake) -> None:
    """Its record names a holder that Prefect does not know."""
    incident_id = intake.report(severity="P4")
    intake.store.finish_claim(incident_id, "runbook:P4", f"run by hand {uuid4()}", {})

    assert 404 == intake.ask("GET", f"/incidents/{incident_id}/run").status_code


def test_how_far_the_runbook_is(intake: Intake) -> None:
    """Waiting, running, failed, running again after a Retry, done: from the record alone."""
    incident_id = intake.report(severity="P4")
    path, run_id = f"/incidents/{incident_id}/runbook", str(uuid4())

    def note(count: int, phase: Phase) -> None:
        mark = f"{run_id}:{count}"
        note_progress(
            incident_id, intake.settings, flow="security", mark=mark, phase=phase, said=""
        )

    seen = [intake.ask("GET", path).json()]
    intake.store.claim(incident_id, "runbook:P4", f"run {run_id}", DAY)
    for count, phase in ((0, None), (1, Phase.WORKING), (1, Phase.FAILED), (2, Phase.WORKING)):
        if phase:
            note(count, phase)
        seen.append(intake.ask("GET", path).json())
    intake.store.finish_claim(incident_id, "runbook:P4", f"run {run_id}", {})
    seen.append(intake.ask("GET", path).json())

    assert {"state": "waiting for a worker", "runId": None, "occurrence": 1} == seen[0]
    assert ["running", "running", "failed", "running", "done"] == [
        each["state"] for each in seen[1:]
    ]
    assert {"state": "done", "runId": run_id, "occurrence": 1} == seen[-1]


def test_prometheus_reads_which_levers_are_armed(intake: Intake) -> None:
    """As they were tried last; nothing before that, and nothing of what is not configured."""
    before = intake.client.get("/metrics").text
    outcomes = (("a", Outcome.ARMED), ("b", Outcome.DISARMED), ("c", Outcome.NOT_CONFIGURED))
    found = [Tried(Lever(name, lambda: ""), outcome, "") for name, outcome in outcomes]
    table, _ = keep(found, intake.settings.home, all_of_them=True)
    after = intake.client.get("/metrics").text

    assert "aeef_lever" not in before
    assert 'aeef_lever_armed{lever="a"} 1.0' in after
    assert 'aeef_lever_armed{lever="b"} 0.0' in after
    assert 'lever="c"' not in after
    (tried_at,) = (line for line in after.splitlines() if line.startswith("aeef_levers_tried_at"))
    assert table.at.timestamp() == pytest.approx(float(tried_at.split()[1]), abs=1)


def test_prometheus_reads_the_metrics(intake: Intake) -> None:
    """Without the token; with counts of alerts, incidents, and what Prefect has not got yet."""
    for source in ("api", "api", "someone-new"):
        intake.report(severity="P4", source=source)
    answer = intake.client.get("/metrics")
    families = {each.name: each for each in text_string_to_metric_families(answer.text)}

    assert answer.headers["content-type"].startswith("text/plain")
    accepted = {
        sample.labels["source"]: sample.value
        for sample in families["aeef_alerts_accepted"].samples
        if sample.name.endswith("_total")
    }
    assert {"api": 2.0, "other": 1.0} == accepted
    (incidents,) = families["aeef_incidents"].samples
    assert ({"type": "security", "severity": "P4", "status": "open"}, 1.0) == (
        incidents.labels,
        incidents.value,
    )
    assert 1.0 == families["aeef_events_waiting"].samples[0].value
    assert 3.0 == next(
        sample.value
        for sample in families["aeef_alert_accept_seconds"].samples
        if sample.name.endswith("_count")
    )


def test_health_is_the_paging_planes_own(intake: Intake) -> None:
    """An alert is taken and paged without Prefect; `/ready` says that no runbook would run."""
    wait_until(lambda: "no dispatcher reports" in intake.client.get("/ready").text)

    healthy, ready = intake.client.get("/health"), intake.client.get("/ready")
    assert (200, "ok") == (healthy.status_code, healthy.json()["status"])
    assert (503, "failing") == (ready.status_code, ready.json()["status"])


def test_ready_is_what_the_dispatcher_found(intake: Intake) -> None:
    """While it reports; what it found says the remedy."""
    wrong = "no worker of work pool 'aeef' is online: run `aeef up`"
    for problems, status in (([wrong], 503), ([], 200)):

        def found(said: list[str] = problems) -> bool:
            intake.store.report_process("dispatcher", said)
            return bool(said == intake.client.get("/ready").json()["problems"])

        wait_until(found)
        assert status == intake.client.get("/ready").status_code


def test_no_secret_is_in_any_answer_or_log(
    start_intake: StartIntake,
    pagerduty: PagerDuty,
    alertmanager_standin: Alertmanager,
    slack: Slack,
    jira: Jira,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also when every service sends back what we sent, and everything is logged."""
    caplog.set_level(logging.DEBUG)
    standins = (pagerduty, alertmanager_standin, slack, jira)
    for standin in standins:
        standin.echo(400, times=None)
    intake = start_intake(*standins)
    incident_id = intake.report()
    wait_until(lambda: "nobody was paged" in caplog.text)
    paths = ("/incidents", f"/incidents/{incident_id}", f"/incidents/{incident_id}/run", "/health",
             "/ready", "/metrics", "/nothing")  # fmt: skip
    shown = [
        intake.ask("GET", path, headers=accept).text for path in paths for accept in ({}, HTML)
    ]
    shown += [intake.ask("POST", "/v1/alerts", json={"type": TOKEN}).text, caplog.text]

    assert [] == [secret for secret in SECRETS for text in shown if secret in text]
