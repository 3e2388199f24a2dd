"""A guess never harms: it pages, prepares, and waits for one person's yes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.stack import Stack
from processes.emergency_patch import decide
from samples.compose import Compose
from samples.isolation import IsolationSample, running_shop
from schemas.incident import WAITS
from schemas.validation import validate

CONFIG = """
[breach]
regimes = ["gdpr-33"]

{target}

[targets.{name}.breach.revoke]
database = ["/bin/sh", "-c", "echo x >> {calls}"]
"""
PREPARED = (
    "kept ",
    "not done yet: would isolate ",
    "not done yet: would freeze ",
    "not done yet: would run database",
    "drafted 1 ",
    "WAITS for a person",
)
FROM = "guessed from 'data breach' in the name DataBreachSuspected"


@pytest.fixture
def shop(tmp_path: Path, compose: Compose) -> Iterator[IsolationSample]:
    """A Compose application that runs."""
    with running_shop(tmp_path, compose) as sample:
        yield sample


def alertmanager(stack: Stack, service: str, **labels: str) -> str:
    """An alert without a type, as Alertmanager sends it; the incident's id."""
    alert = {
        "status": "firing",
        "labels": {"severity": "critical", "service": service, **labels},
        "annotations": {"summary": "odd access to a table"},
        "startsAt": "2026-11-26T10:00:00Z",
        "fingerprint": service,
    }
    webhook = {"version": "4", "groupKey": service, "alerts": [alert]}
    answer = stack.ask("POST", "/v1/alertmanager", json=webhook)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["incidents"][0]["incidentId"])


def test_a_guessed_breach_waits_and_goes_on_after_one_yes(
    stack: Stack, shop: IsolationSample, tmp_path: Path
) -> None:
    """Nothing is cut off before; everything is afterwards, once, on the same record."""
    calls, name = tmp_path / "revoked", shop.target.name
    stack.configure(more=CONFIG.format(target=shop.config(), name=name, calls=calls))
    incident_id = alertmanager(stack, name, alertname="DataBreachSuspected")
    stack.wait_for(lambda: stack.state(incident_id) == WAITS)

    assert shop.answers()
    assert not calls.exists()
    before = stack.actions(incident_id)
    assert "open" == stack.incident(incident_id)["status"]
    for begins in PREPARED:
        assert 1 == sum(text.startswith(begins) for text in before), (begins, before)
    assert not any(text.startswith(("isolated ", "froze ", "clock ")) for text in before)
    for key in (incident_id, f"{incident_id}:security", f"{incident_id}:privacy"):
        assert FROM in stack.pagerduty.alerts[key].payload["summary"]
    assert 0 == stack.command("freeze", "status", "--target", name).returncode

    said = stack.command("confirm", incident_id)
    assert 0 == said.returncode, said.stderr
    assert "Its runbook goes on" in said.stdout
    stack.wait_for(lambda: stack.state(incident_id) == "done")

    record = stack.incident(incident_id)
    validate("incident", record)
    after = stack.actions(incident_id)
    assert "mitigated" == record["status"]
    assert not shop.answers()
    assert "x\n" == calls.read_text()
    once = (
        "isolated ",
        "froze ",
        "every command that revokes",
        "clock gdpr-33/",
        "type confirmed: ",
    )
    for begins in once:
        assert 1 == sum(text.startswith(begins) for text in after), (begins, after)
    assert 3 == sum(text.startswith("paged ") for text in after)

    again = stack.command("confirm", incident_id)
    assert (0, True) == (again.returncode, "answered before" in again.stdout)
    assert 1 == stack.command("freeze", "release", "--target", name).returncode
    assert 0 == decide(stack, incident_id).returncode
    stack.wait_for(lambda: stack.command("freeze", "status", "--target", name).returncode == 0)
    assert 0 == stack.command("audit", "verify").returncode
    stack.command("dismiss", incident_id, "--reason", "a test")


def test_an_instance_that_is_down_is_no_breach(stack: Stack, shop: IsolationSample) -> None:
    """`ApiInstanceDown` has the letters of PII, and becomes what it is: unknown."""
    stack.configure(more=shop.config())
    incident_id = alertmanager(
        stack, shop.target.name, alertname="ApiInstanceDown", severity="warning"
    )
    stack.wait_for(lambda: stack.state(incident_id) == "done")

    assert "unknown" == stack.incident(incident_id)["type"]
    assert shop.answers()
    stack.command("dismiss", incident_id, "--reason", "a test")
