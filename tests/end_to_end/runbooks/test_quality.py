"""The quality-degradation runbook, from the alert to the ticket, on the running system."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.stack import Stack
from samples.quality_target import ACCOUNT, QualitySample, quality_target, save_good_summary
from samples.targets import git
from standins.jira import JiraIssue

USER = "U0QUALITY1"
SEVERITIES = ("P4", "P3", "P2", "P1")


@pytest.mark.proves("SPEC-TYPE-quality-degradation-response")
def test_the_owner_of_what_fell_gets_ticket_message_and_report_at_every_severity(
    stack: Stack, tmp_path: Path
) -> None:
    """P1 to P4: routed as the table says, assigned by CODEOWNERS; P1 also goes back."""
    sample = _configured(stack, tmp_path)
    stack.slack.channels[USER] = USER
    stack.slack.members.add(USER)
    try:
        for severity in SEVERITIES:
            _responds(stack, sample, severity)
    finally:
        del stack.slack.channels[USER]
        stack.slack.members.discard(USER)
    assert sample.good == git(sample.target.repository, "rev-parse", "HEAD")


def test_a_hostile_alert_ends_in_a_clear_message_and_retry_completes(
    stack: Stack, tmp_path: Path
) -> None:
    """A report outside the repository is not read; once it is there, Retry does the rest once."""
    sample = _configured(stack, tmp_path)
    secret = tmp_path / "secret.xml"
    secret.write_text("<secret>hunter2hunter2</secret>")
    link = sample.target.repository / "linked.xml"
    link.symlink_to(secret)
    incident_id = stack.report(
        "gauge-retry", "P3", type="quality-degradation", details={"coverage": "linked.xml"}
    )

    assert "failed" == stack.wait_until_over(incident_id)
    said = "\n".join(stack.actions(incident_id))
    assert "leads out of" in said
    assert "hunter2" not in said + stack.logs()

    # The second attempt gets further, and stops where Jira is down; the third does what is left.
    link.unlink()
    link.write_bytes((sample.target.repository / "coverage.xml").read_bytes())
    stack.jira.fail_with(503, times=None, path="/comment")
    _retry(stack, incident_id, "failed")
    assert [] == [each.comments for each in _issues(stack, incident_id) if each.comments]
    stack.jira.recover()
    _retry(stack, incident_id, "done")

    assert [(ACCOUNT, 1)] == [
        (each.fields["assignee"]["accountId"], len(each.comments))
        for each in _issues(stack, incident_id)
    ]
    [post] = [m for m in stack.slack.in_channel("aeef-warnings") if incident_id in str(m.blocks)]
    assert 1 == sum("Investigation: @shop/cart" in m.text for m in stack.slack.in_thread(post.ts))


def test_a_service_of_no_target_goes_to_the_on_call(stack: Stack) -> None:
    """Nothing can be measured, which the record says; the ticket names the on-call."""
    incident_id = stack.report("gauge-nobody", "P3", type="quality-degradation")

    assert "done" == stack.wait_until_over(incident_id), stack.logs()

    said = "\n".join(stack.actions(incident_id))
    assert "no configured target has the service 'gauge-nobody'" in said
    assert "assigned the investigation to on-call" in said
    [issue] = _issues(stack, incident_id)
    assert "Investigation: on-call" in str(issue.comments)


def _retry(stack: Stack, incident_id: str, state: str) -> None:
    run_id = stack.run_id(incident_id)
    before = stack.run(run_id)["run_count"]
    stack.press_retry(run_id)
    stack.wait_for(lambda: stack.run(run_id)["run_count"] > before)
    assert state == stack.wait_until_over(incident_id), stack.logs()


def _issues(stack: Stack, incident_id: str) -> list[JiraIssue]:
    return [i for i in stack.jira.issues if f"aeef-{incident_id}" in i.fields["labels"]]


def _configured(stack: Stack, tmp_path: Path) -> QualitySample:
    sample = quality_target(tmp_path)
    save_good_summary(sample)
    services = (*(f"gauge-{severity}" for severity in SEVERITIES), "gauge-retry")
    plain = sample.target.model_copy(
        update={"name": "gauge", "services": services, "quality": None}
    )
    stack.configure(
        plain,
        more='[targets.gauge.quality]\ncoverage = ["coverage.xml"]\nmutation = ["mutation.txt"]\n'
        f'[owners."@shop/cart"]\njira = "{ACCOUNT}"\nslack = "{USER}"\n',
    )
    return sample


def _responds(stack: Stack, sample: QualitySample, severity: str) -> None:
    service = f"gauge-{severity}"
    direct = len(stack.slack.in_channel(USER))
    incident_id = stack.report(
        service, severity, type="quality-degradation", description="coverage is below 80 %"
    )

    assert "done" == stack.wait_until_over(incident_id), stack.logs()

    said = "\n".join(stack.actions(incident_id))
    assert f"1 file fell since {sample.good[:12]}, shop/cart.py most" in said
    assert "assigned the investigation to @shop/cart" in said
    assert (severity in ("P1", "P2")) == (incident_id in stack.pagerduty.alerts)
    [issue] = _issues(stack, incident_id)
    assert ACCOUNT == issue.fields["assignee"]["accountId"]
    assert 1 == len(issue.comments)
    assert 1 == len(stack.slack.in_channel(USER)) - direct
    message = stack.slack.in_channel(USER)[-1].text
    assert "line coverage 93.3 → 53.3 %" in message
    assert "<!channel>" not in message
    assert "<@U1>" not in message
    run_id = stack.run_id(incident_id)
    found = stack.prefect(
        "POST", "/artifacts/filter", json={"artifacts": {"flow_run_id": {"any_": [run_id]}}}
    )
    [report] = [each for each in found if each["key"] == f"quality-{incident_id}"]
    assert "| `shop/cart.py` |" in report["data"]
    assert ("mitigated" if severity == "P1" else "open") == stack.incident(incident_id)["status"]
