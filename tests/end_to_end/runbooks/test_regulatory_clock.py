"""Regulatory clocks on the running system: a person sets a fact, and Prefect's timers follow."""

from __future__ import annotations

import json
import signal
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from fixtures.stack import Stack
from schemas.model import utc_now

SETTINGS = """
[breach]
regimes = ["gdpr-33", "nis2-23"]
remind_before = ["PT9S"]
"""
THREE_DAYS = timedelta(hours=72)
SOON = timedelta(seconds=40)
"""Until a deadline: two commands fit in, also while other tests run."""
PAGE = 200
"""As many as Prefect gives at once."""


def set_aware(stack: Stack, incident_id: str, left: timedelta) -> None:
    """Say that people became aware so long ago that so much of the 72 hours is left."""
    aware = (utc_now() + left - THREE_DAYS).isoformat(timespec="seconds")
    done = stack.command("breach", "set", incident_id, "--aware", aware, "--by", "Ada")
    assert 0 == done.returncode, done.stderr


def timers(stack: Stack, incident_id: str) -> list[dict[str, Any]]:
    """The timers' runs, as Prefect has them: page by page, for other tests have timers, too."""
    wanted = {"flow_runs": {"tags": {"all_": ["regulatory-clock"]}}, "limit": PAGE}
    found: list[dict[str, Any]] = []
    while len(found) % PAGE == 0:
        page = stack.prefect("POST", "/flow_runs/filter", json={**wanted, "offset": len(found)})
        found += page
        if not page:
            break
    return [each for each in found if each["parameters"]["incident_id"] == incident_id]


def of(stack: Stack, incident_id: str, regime: str, point: str) -> list[dict[str, Any]]:
    """The timers of one point of a regime's 72 hours."""
    return [
        each
        for each in timers(stack, incident_id)
        if (regime, "notification", point)
        == tuple(each["parameters"][name] for name in ("regime", "deadline", "point"))
    ]


def test_timers_remind_alarm_once_and_are_moot_after_a_submission(stack: Stack) -> None:
    """Two deadlines are seconds away; one is submitted in time, the other runs out."""
    stack.configure(more=SETTINGS)
    try:
        incident_id = stack.report("clocked", "P3", type="unknown", description="data left")
        assert "done" == stack.wait_until_over(incident_id), stack.logs()
        set_aware(stack, incident_id, SOON)
        stack.wait_for(lambda: of(stack, incident_id, "gdpr-33", "due"))
        done = stack.command(
            "breach", "submitted", incident_id, "nis2-23", "notification", "--by", "Ada"
        )
        assert 0 == done.returncode, done.stderr
        # The incident is over, the duty is not.
        assert (
            0
            == stack.command(
                "resolve", incident_id, "--disposition", "fixed", "--root-cause", "a test"
            ).returncode
        )

        stack.wait_for(lambda: _ended(of(stack, incident_id, "gdpr-33", "due")))
        stack.wait_for(lambda: _ended(of(stack, incident_id, "nis2-23", "due")))
        stack.wait_for(lambda: _ended(of(stack, incident_id, "gdpr-33", "9 s before")))

        actions = stack.actions(incident_id)
        overdue = [text for text in actions if text.startswith("OVERDUE ")]
        assert 1 == sum("gdpr-33/notification" in text for text in overdue), actions
        assert not any("nis2-23/notification" in text for text in overdue)
        assert 1 == sum(text.startswith("REMINDER gdpr-33/notification") for text in actions)
        assert not any(text.startswith("FAILED") for text in actions)
        rang = [key for key in stack.pagerduty.alerts if key.startswith(f"{incident_id}:clock:")]
        assert 1 == sum("gdpr-33/notification" in key and key.endswith(":due") for key in rang)
        assert any(text.startswith("clock nis2-23/final: due ") for text in actions)

        _computed_again_makes_no_timer_twice(stack, incident_id)
        _drafts_and_table_are_there(stack, incident_id)
    finally:
        stack.configure()


def test_timers_outlive_a_standstill_and_a_death(stack: Stack) -> None:
    """Prefect is down while one runs out, and another died: both speak, once, and say how late."""
    stack.configure(more=SETTINGS.replace('"nis2-23"', ""))
    try:
        down, died = (
            stack.report(service, "P3", type="unknown", description="data left")
            for service in ("clock-down", "clock-died")
        )
        for incident_id in (down, died):
            assert "done" == stack.wait_until_over(incident_id), stack.logs()
            set_aware(stack, incident_id, SOON)
        for incident_id in (down, died):
            stack.wait_for(partial(of, stack, incident_id, "gdpr-33", "due"))
        [timer] = of(stack, died, "gdpr-33", "due")
        crashed = {"state": {"type": "CRASHED", "name": "Crashed"}, "force": True}
        stack.prefect("POST", f"/flow_runs/{timer['id']}/set_state", json=crashed)
        due = datetime.fromisoformat(of(stack, down, "gdpr-33", "due")[0]["parameters"]["due"])
        server = stack.child("prefect_server.embedded")
        server.send_signal(signal.SIGSTOP)
        stack.wait_for(lambda: utc_now() > due)
        server.kill()

        stack.wait_for(stack.is_ready)
        found = stack.prefect("GET", "/deployments/name/regulatory-clock/watch")
        stack.prefect("POST", f"/deployments/{found['id']}/create_flow_run", json={})
        for incident_id in (down, died):
            stack.wait_for(partial(_overdue, stack, incident_id))

        for incident_id in (down, died):
            [text] = _overdue(stack, incident_id)
            assert " ago, and nobody says" in text
            stack.wait_for(partial(_rang_when_due, stack, incident_id))  # recorded, then paged
            assert 1 == len(_rang_when_due(stack, incident_id))
    finally:
        stack.configure()


def _rang_when_due(stack: Stack, incident_id: str) -> list[str]:
    rang = [key for key in stack.pagerduty.alerts if key.startswith(f"{incident_id}:clock")]
    return [key for key in rang if key.endswith(":due")]


def _overdue(stack: Stack, incident_id: str) -> list[str]:
    return [text for text in stack.actions(incident_id) if text.startswith("OVERDUE gdpr-33")]


def _ended(runs: list[dict[str, Any]]) -> bool:
    assert not any(each["state_type"] in ("FAILED", "CRASHED") for each in runs), runs
    return len(runs) == 1 and runs[0]["state_type"] == "COMPLETED"


def _computed_again_makes_no_timer_twice(stack: Stack, incident_id: str) -> None:
    def drafted() -> list[str]:
        return [text for text in stack.actions(incident_id) if text.startswith("drafted ")]

    before, known = {each["id"] for each in timers(stack, incident_id)}, len(drafted())
    stack.command("breach", "set", incident_id, "--people", "1200", "--by", "Ada")

    stack.wait_for(lambda: len(drafted()) > known)
    assert before == {each["id"] for each in timers(stack, incident_id)}


def _drafts_and_table_are_there(stack: Stack, incident_id: str) -> None:
    draft = stack.home / "notifications" / incident_id / "gdpr-33-notification.md"
    assert "About 1200." in draft.read_text("utf-8")
    for key in (f"clocks-{incident_id}", f"draft-gdpr-33-notification-{incident_id}"):
        artifact = stack.prefect("GET", f"/artifacts/{key}/latest")
        assert "not legal advice" in artifact["description"]
    rows = json.loads(stack.prefect("GET", f"/artifacts/clocks-{incident_id}/latest")["data"])
    assert any(row["status"].startswith("OVERDUE by") for row in rows)
