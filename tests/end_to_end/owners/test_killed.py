"""Killed with `kill -9` in each step in turn: the runs go on by themselves, and nothing twice."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fixtures.stack import Stack
from processes.killing import kill_worker
from samples.gates import Gates
from tasks.target.lock import records_lock

GATED = ("choose", "deploy", "health")
RECORDED = ("chose", "rolled", "recorded", "status")
RETRY_SECONDS = 150.0
"""Prefect frees the limit that a dead run held after a minute, its shortest lease."""


def nothing_twice(stack: Stack, incident_id: str, gates: Gates) -> None:
    """One page, one Slack message, one rollback, and no action on record twice."""
    stack.wait_for(lambda: stack.state(incident_id) == "done", RETRY_SECONDS)
    assert "mitigated" == stack.incident(incident_id)["status"]
    assert 1 == len(stack.pagerduty.alerts[incident_id].events)
    assert [] == stack.handed_over(incident_id), "nobody is called for a run that goes on"
    [message] = [
        m for m in stack.slack.in_channel("aeef-incidents") if gates.target.name in str(m.blocks)
    ]
    replies = Counter(reply.text for reply in stack.slack.in_thread(message.ts))
    assert {1} == set(replies.values()), replies
    actions = Counter(stack.actions(incident_id))
    assert {1} == set(actions.values()), actions
    rollbacks = json.loads(gates.target.history_path.read_text())["rollbacks"]
    assert [incident_id] == [entry["incidentId"] for entry in rollbacks]
    assert 0 == stack.command("audit", "verify").returncode


def test_killed_in_each_step_of_the_rollback(stack: Stack, tmp_path: Path) -> None:
    """Three runs die: while choosing, deploying, and waiting for health; they complete."""
    cases = {step: Gates(tmp_path / step, f"killed-{step}") for step in GATED}
    stack.configure(*(gates.target for gates in cases.values()))
    ids = {}
    for step, gates in cases.items():
        gates.close(step)
        ids[step] = stack.report(gates.target.name)
    for step, gates in cases.items():
        stack.wait_for(partial(gates.is_reached, step))

    kill_worker(stack)
    for step, gates in cases.items():
        gates.open(step)

    for step, gates in cases.items():
        nothing_twice(stack, ids[step], gates)
        assert gates.times_run("deploy") == 1


def test_killed_while_the_rollback_is_recorded(stack: Stack, tmp_path: Path) -> None:
    """The run dies before the history file is written; it is written, and nothing deployed."""
    gates = Gates(tmp_path, "killed-record")
    stack.configure(gates.target)
    gates.close("health")
    incident_id = stack.report(gates.target.name)
    stack.wait_for(lambda: gates.is_reached("health"))
    with records_lock(gates.target):
        gates.open("health")
        stack.wait_for(lambda: any("rolled" in text for text in stack.actions(incident_id)))
        kill_worker(stack)

    nothing_twice(stack, incident_id, gates)
    assert gates.times_run("deploy") == 1


def test_killed_while_posting_to_slack(stack: Stack, tmp_path: Path) -> None:
    """The run dies when Slack took the message and did not answer: whoever goes on looks first."""
    gates = Gates(tmp_path, "killed-slack")
    stack.configure(gates.target)
    stack.slack.accept_then_stall(path="/chat.postMessage")
    gates.close("deploy")
    incident_id = stack.report(gates.target.name)
    stack.wait_for(lambda: any(gates.target.name in str(m.blocks) for m in stack.slack.messages))

    kill_worker(stack)
    stack.slack.release()
    gates.open("deploy")
    nothing_twice(stack, incident_id, gates)


def test_killed_while_paging(stack: Stack, tmp_path: Path) -> None:
    """A foreign event's page is sent by the run; it dies while PagerDuty is silent."""
    gates = Gates(tmp_path, "killed-page")
    stack.configure(gates.target)
    stack.pagerduty.accept_then_stall()
    before = set(stack.pagerduty.alerts)
    _emit(stack, gates.target.name)
    [incident_id] = stack.wait_for(lambda: set(stack.pagerduty.alerts) - before)

    kill_worker(stack)
    stack.pagerduty.release()
    stack.wait_for(lambda: stack.state(incident_id) == "done", RETRY_SECONDS)
    assert "triggered" == stack.pagerduty.alerts[incident_id].state
    assert 1 == stack.actions(incident_id).count("paged on-call by PagerDuty")


def test_killed_between_two_steps(stack: Stack, tmp_path: Path) -> None:
    """A run dies as soon as a step is on record, its result perhaps not kept yet: each in turn."""
    cases = {said: Gates(tmp_path / said, f"killed-after-{said}") for said in RECORDED}
    stack.configure(*(gates.target for gates in cases.values()))
    ids = {}
    for said, gates in cases.items():
        ids[said] = stack.report(gates.target.name)
        stack.wait_for(partial(_is_on_record, stack, ids[said], said))
        kill_worker(stack)

    for said, gates in cases.items():
        nothing_twice(stack, ids[said], gates)
        assert gates.times_run("deploy") == 1


def test_retry_of_a_finished_run_does_no_harm(stack: Stack, tmp_path: Path) -> None:
    """The UI offers Retry on completed runs too: nothing is done again."""
    gates = Gates(tmp_path, "retry-finished")
    stack.configure(gates.target)
    incident_id = stack.report(gates.target.name)
    nothing_twice(stack, incident_id, gates)
    before = stack.incident(incident_id)

    run_id = stack.run_id(incident_id)
    stack.press_retry(run_id, force=True)
    stack.wait_for(lambda: stack.run(run_id)["run_count"] == 2)
    stack.wait_for(lambda: stack.run(run_id)["state_type"] == "COMPLETED")

    assert before == stack.incident(incident_id)
    nothing_twice(stack, incident_id, gates)


def _is_on_record(stack: Stack, incident_id: str, said: str) -> bool:
    return any(text.startswith(said) for text in stack.actions(incident_id))


def _emit(stack: Stack, service: str) -> None:
    event = {
        "occurred": datetime.now(UTC).isoformat(),
        "event": "aeef.incident.detected",
        "id": "00000000-0000-4000-8000-0000000000aa",
        "resource": {
            "prefect.resource.id": "aeef.incident.foreign-killed",
            "aeef.type": "deployment-failure",
        },
        "related": [],
        "payload": {"type": "deployment-failure", "severity": "P1", "service": service},
    }
    stack.prefect("POST", "/events", json=[event])
