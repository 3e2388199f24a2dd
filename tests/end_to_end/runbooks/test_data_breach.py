"""A data breach: contained, the right people notified, and no personal data anywhere."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fixtures.stack import Stack
from processes.emergency_patch import decide
from samples.compose import Compose
from samples.isolation import IsolationSample, running_shop
from samples.personal_data import EMAIL, LEAK, leaks
from schemas.validation import validate
from standins.pagerduty import PRIVACY_KEY, SECURITY_KEY
from standins.slack import PrivateChannel
from support import read_below

NEW_SECRET = "the-new-password-9f3a"
CONFIG = """
[breach]
regimes = ["gdpr-33"]
members = ["U0000ADA", "U000GRACE"]

{target}

[targets.{name}.breach]
freeze_command = ["/bin/sh", "-c", "echo on >> {calls}/freeze"]
unfreeze_command = ["/bin/sh", "-c", "echo off >> {calls}/freeze"]

[targets.{name}.breach.revoke]
database = ["/bin/sh", "-c", "echo {secret}; echo x >> {calls}/database"]
api-key = ["/bin/sh", "-c", "test -e {calls}/fixed && echo x >> {calls}/api-key"]
"""


@pytest.fixture
def shop(tmp_path: Path, compose: Compose) -> Iterator[IsolationSample]:
    """A Compose application that runs."""
    with running_shop(tmp_path, compose) as sample:
        yield sample


@pytest.fixture
def calls(stack: Stack, shop: IsolationSample, tmp_path: Path) -> Iterator[Path]:
    """The folder where the target's commands leave traces; target and teams are configured."""
    directory = tmp_path / "calls"
    directory.mkdir()
    stack.configure(more=CONFIG.format(
        target=shop.config(), name=shop.target.name, calls=directory, secret=NEW_SECRET,
    ))  # fmt: skip
    yield directory
    stack.configure()


def channel_of(stack: Stack, incident_id: str) -> PrivateChannel:
    """The incident's restricted channel."""
    [found] = [c for c in stack.slack.private if c.name == f"breach-{incident_id[:8]}"]
    return found


def personal_outside(home: Path) -> list[str]:
    """Files that hold an identifier, of everything that the stack keeps; Prefect's too."""
    return [
        str(path)
        for path, content in read_below(home)
        if "evidence" not in path.relative_to(home).parts and leaks(content)
    ]


def told(stack: Stack) -> str:
    """Everything that was sent to outside services."""
    standins = (stack.pagerduty, stack.slack, stack.jira)
    return "\n".join(each.body.decode() for standin in standins for each in standin.requests)


@pytest.mark.proves("SPEC-TYPE-data-breach-response")
def test_a_breach_is_contained_and_undone(stack: Stack, shop: IsolationSample, calls: Path) -> None:
    """P1 by an alert: evidence, isolation, freeze, revocation, channel, clocks; Retry; undo."""
    service = shop.target.name

    incident_id = stack.report(**{**LEAK, "service": service})
    assert "failed" == stack.wait_until_over(incident_id), stack.logs()

    # One command failed: everything else is done, and the on-call knows.
    assert not shop.answers()
    assert (calls / "database").read_text() == "x\n"
    assert any("api-key" in page for page in stack.handed_over(incident_id))
    assert "mitigated" != stack.incident(incident_id)["status"]
    (calls / "fixed").touch()
    stack.press_retry(stack.run_id(incident_id))
    stack.wait_for(lambda: stack.state(incident_id) == "done")

    record = stack.incident(incident_id)
    validate("incident", record)
    assert "mitigated" == record["status"]
    assert ["x\n", "x\n"] == [(calls / name).read_text() for name in ("database", "api-key")]
    actions = stack.actions(incident_id)
    order = [
        next(n for n, text in enumerate(actions) if text.startswith(begins))
        for begins in ("kept ", "isolated ", "froze ", "every command ", "status: ")
    ]
    assert sorted(order) == order
    assert 1 == sum("is not rolled back" in text for text in actions)
    assert not any("rolled" in text and "not rolled" not in text for text in actions)
    assert any(text.startswith("clock gdpr-33/notification") for text in actions)
    assert any(text.startswith("drafted 1 notifications") for text in actions)

    each_heard_what_they_may(stack, incident_id)
    frozen_until_released(stack, shop, calls, incident_id)
    resolved = stack.command(
        "resolve",
        incident_id,
        "--disposition",
        "fixed",
        "--root-cause",
        "a test",
        "--reason",
        f"{EMAIL} knows",
    )
    assert 0 == resolved.returncode, resolved.stderr
    keys = (incident_id, f"{incident_id}:security", f"{incident_id}:privacy")
    stack.wait_for(lambda: {"resolved"} == {stack.pagerduty.alerts[key].state for key in keys})
    assert [] == personal_outside(stack.home)
    assert 0 == stack.command("audit", "verify").returncode


def each_heard_what_they_may(stack: Stack, incident_id: str) -> None:
    """Teams, the restricted channel, the ordinary one; nothing personal, no new secret."""
    keys = (incident_id, f"{incident_id}:security", f"{incident_id}:privacy")
    pages = [stack.pagerduty.alerts[key] for key in keys]
    assert ["triggered"] * 3 == [page.state for page in pages]
    assert [SECURITY_KEY, PRIVACY_KEY] == [page.routed for page in pages[1:]]
    channel = channel_of(stack, incident_id)
    assert {"U0000ADA", "U000GRACE"} <= channel.members
    private = [m for m in stack.slack.messages if m.channel == channel.id]
    assert "leaked: [email " in str(private[0].blocks)
    public = [m for m in stack.slack.in_channel("aeef-incidents") if incident_id in str(m.blocks)]
    assert 1 == len(public)
    assert "leaked" not in str(public[0])
    assert "leaked" not in str(stack.slack.in_thread(public[0].ts))
    assert [] == leaks(told(stack))
    assert [] == personal_outside(stack.home)
    assert NEW_SECRET not in told(stack) + json.dumps(stack.incident(incident_id))
    folder = stack.home / "evidence" / incident_id
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert NEW_SECRET in (folder / "revoke-database.txt").read_text()


def frozen_until_released(
    stack: Stack, shop: IsolationSample, calls: Path, incident_id: str
) -> None:
    """Pipelines and AEEF refuse; a named person releases it, on record."""
    service = shop.target.name
    assert 3 == stack.command("freeze", "status", "--target", service).returncode
    refused = stack.command("rollback", "--target", service)
    assert 1 == refused.returncode
    assert not shop.answers()
    made_up = stack.command("freeze", "release", "--target", service, "--approver", "Ada")
    assert (1, True) == (made_up.returncode, "a name proves nothing here" in made_up.stderr)
    assert 1 == stack.command("freeze", "release", "--target", service).returncode
    assert 0 == decide(stack, incident_id).returncode
    stack.wait_for(lambda: stack.command("freeze", "status", "--target", service).returncode == 0)
    assert "on\noff\n" == (calls / "freeze").read_text()
    assert any("approved by ann (token)" in text for text in stack.actions(incident_id))


def test_p4_by_hand_and_p2_by_a_foreign_event_run_the_same_protocol(
    stack: Stack, shop: IsolationSample, calls: Path
) -> None:
    """Whatever the severity and the way: paged, isolated, frozen, revoked, clocks."""
    (calls / "fixed").touch()
    service = shop.target.name
    shown = stack.command(
        "report", "data-breach", "--severity", "P4", "--service", service,
        "--description", f"seen by {EMAIL}", "--wait",
    )  # fmt: skip

    assert 0 == shown.returncode, shown.stderr + stack.logs()
    assert [] == leaks(shown.stdout)
    assert "is isolated and frozen" in shown.stdout
    assert not shop.answers()
    incident_id = str(stack.wait_for(lambda: stack.incident_of(service)))
    for team in ("security", "privacy"):
        assert "triggered" == stack.pagerduty.alerts[f"{incident_id}:{team}"].state
    assert incident_id not in stack.pagerduty.alerts
    assert 3 == stack.command("freeze", "status", "--target", service).returncode

    # A service that no target has: nothing to contain, but everything else still happens.
    event = {
        "occurred": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        "event": "aeef.incident.detected",
        "id": "00000000-0000-4000-8000-0000000000db",
        "resource": {"prefect.resource.id": "aeef.incident.foreign-breach",
                     "aeef.type": "data-breach"},
        "related": [],
        "payload": {"type": "data-breach", "severity": "P3", "service": "elsewhere",
                    "description": f"leak of {EMAIL}"},
    }  # fmt: skip
    stack.prefect("POST", "/events", json=[event])
    foreign = str(stack.wait_for(lambda: stack.incident_of("elsewhere")))

    assert "done" == stack.wait_until_over(foreign), stack.logs()
    record: dict[str, Any] = stack.incident(foreign)
    assert [] == leaks(json.dumps(record))
    assert "open" == record["status"]
    actions = stack.actions(foreign)
    assert any("nothing was contained" in text for text in actions)
    assert any(text.startswith("clock gdpr-33") for text in actions)
    assert f"{foreign}:security" in stack.pagerduty.alerts
    assert channel_of(stack, foreign).members
    tickets = [i.fields for i in stack.jira.issues if f"aeef-{foreign}" in i.fields["labels"]]
    assert 1 == len(tickets)
    assert "leak of" not in json.dumps(tickets)
    nobody_is_named_in_prefect(stack, foreign)


def nobody_is_named_in_prefect(stack: Stack, incident_id: str) -> None:
    """The event itself is the emitter's; the run that it started contains no personal data."""
    run = stack.run(stack.run_id(incident_id))
    assert {"alert": {"incidentId": incident_id}} == run["parameters"]
    wanted = {"flow_run_id": {"any_": [run["id"]]}}
    # Prefect stores both a moment after they were sent.
    logs, artifacts = (
        stack.wait_for(
            partial(stack.prefect, "POST", f"/{each}/filter", json={each: wanted}),
        )
        for each in ("logs", "artifacts")
    )
    assert [] == leaks(json.dumps([run, logs, artifacts]) + stack.logs())
