"""`aeef up`: starts, prints a summary, survives a `kill -9`, and leaves nothing behind."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from fixtures.stack import Stack
from standins.jira import Jira
from standins.pagerduty import PagerDuty
from standins.slack import Slack

QUICK_ESCALATION = """\
[routes.P2.escalation]
to = "Team lead"
after = 30.0
"""


@pytest.fixture
def own_stack(tmp_path: Path, pagerduty: PagerDuty, slack: Slack, jira: Jira) -> Iterator[Stack]:
    """A system of this test's own, which escalates P2 after half a minute."""
    stack = Stack(tmp_path / "home", pagerduty, slack, jira)
    stack.configure(more=QUICK_ESCALATION)
    stack.start()
    try:
        yield stack
    finally:
        stack.stop()


def test_a_killed_aeef_up_starts_again_cleanly_and_stops_without_a_trace(own_stack: Stack) -> None:
    """After `kill -9` the next start takes over; what nobody took is escalated; Ctrl-C ends all."""
    first = own_stack.report("before the kill", "P2", type="unknown", description="first")
    own_stack.wait_for(lambda: first in own_stack.pagerduty.alerts)
    left = own_stack.process.children(recursive=True)
    refused = own_stack.command("up")
    assert (1, True) == (refused.returncode, "already running" in refused.stderr)

    own_stack.kill()
    own_stack.start()

    assert [] == [process for process in left if _lives(process)]
    second = own_stack.report("after the kill", "P2", type="unknown", description="second")
    assert "done" == own_stack.wait_until_over(second), own_stack.logs()
    taken = own_stack.report("taken", "P2", type="unknown", description="third")
    assert 0 == own_stack.command("ack", taken).returncode
    [told] = own_stack.wait_for(lambda: own_stack.handed_over(second))
    assert "Team lead is to take it" in told
    assert [] == own_stack.handed_over(taken)
    assert "acknowledged" == own_stack.pagerduty.alerts[taken].state

    everyone = own_stack.process.children(recursive=True)
    own_stack.stop()
    assert [] == [process for process in everyone if _lives(process)]
    said = (own_stack.home / "up.log").read_text()
    assert "not configured: alertmanager" in said
    assert said.rstrip().endswith("stopped")
    assert 0o600 == (own_stack.home / "intake.token").stat().st_mode & 0o777
    assert 0o700 == own_stack.home.stat().st_mode & 0o777
    assert own_stack.token not in said
    assert f"sign in   {own_stack.url}/signin?link=" in said


def test_a_port_in_use_is_named(
    tmp_path: Path, pagerduty: PagerDuty, slack: Slack, jira: Jira
) -> None:
    """Nothing is started, and the line says which port and which setting."""
    stack = Stack(tmp_path / "home", pagerduty, slack, jira)
    with socket.socket() as other:
        other.bind(("127.0.0.1", stack.intake_port))
        other.listen()

        refused = stack.command("up")

    assert 1 == refused.returncode
    assert f"127.0.0.1:{stack.intake_port}" in refused.stderr
    assert "AEEF_INTAKE__PORT" in refused.stderr


def _lives(process: psutil.Process) -> bool:
    """An orphan that ended, and that nobody waited for, is a zombie: no process any longer."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
