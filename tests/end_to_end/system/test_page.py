"""Pages with PagerDuty, Prefect or the intake in trouble: still exactly one that someone gets."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from fixtures.stack import Stack
from samples.targets import command_target
from standins.pagerduty import PagerDuty

Trouble = Callable[[PagerDuty], None]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(lambda it: it.fail_with(400, times=None), id="400"),
        pytest.param(lambda it: it.fail_with(500, times=None), id="500"),
        pytest.param(lambda it: it.rate_limit(5, times=None), id="429"),
        pytest.param(lambda it: it.stall(times=None), id="silence"),
        pytest.param(lambda it: it.drop_connection(times=None), id="hangs up"),
        pytest.param(lambda it: it.lie("<html>", times=None), id="lies"),
    ],
)
def test_without_pagerduty_the_page_goes_out_by_the_next_channel(
    stack: Stack, trouble: Trouble, request: pytest.FixtureRequest
) -> None:
    """PagerDuty fails: Slack gets the page, and the record says so; once it is back, it rings."""
    service = f"next-channel-{request.node.callspec.id}"
    trouble(stack.pagerduty)

    incident_id = stack.report(service, "P2", type="unknown", description="someone, please")
    assert "done" == stack.wait_until_over(incident_id), stack.logs()

    [paged] = [text for text in stack.actions(incident_id) if text.startswith("told")]
    assert paged.startswith(
        "told on-call by Slack, which rings nobody; PagerDuty did not take it: "
    )
    [message] = [m for m in stack.slack.in_channel("aeef-incidents") if service in str(m.blocks)]
    replies = [m.text for m in stack.slack.in_thread(message.ts)]
    assert 1 == sum("On-call" in text for text in replies), replies
    assert paged.endswith("; still trying")
    stack.pagerduty.recover()
    stack.wait_for(lambda: incident_id in stack.pagerduty.alerts)
    stack.wait_for(lambda: "; it took " in stack.actions(incident_id)[-1])


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(lambda it: it.fail_with(500), id="500 once"),
        pytest.param(lambda it: it.rate_limit(1), id="429 once"),
        pytest.param(lambda it: it.accept_then_drop(), id="takes it, then hangs up"),
    ],
)
def test_a_hiccup_of_pagerduty_costs_nothing(
    stack: Stack, trouble: Trouble, request: pytest.FixtureRequest
) -> None:
    """One failed try is tried again, under the same dedup key: one alert at PagerDuty."""
    trouble(stack.pagerduty)

    incident_id = stack.report(f"hiccup-{request.node.callspec.id}", "P2", type="unknown")
    assert "done" == stack.wait_until_over(incident_id), stack.logs()

    assert "paged on-call by PagerDuty" in stack.actions(incident_id)
    assert "triggered" == stack.pagerduty.alerts[incident_id].state


def test_prefect_down_the_page_goes_out_and_the_runbook_runs_when_it_is_back(
    stack: Stack, tmp_path: Path
) -> None:
    """The server is killed and kept down: the page leaves; back up, the rollback is done."""
    target = command_target(tmp_path).model_copy(update={"name": "prefect-down", "services": ()})
    stack.configure(target)
    server = stack.child("prefect_server.embedded")
    server.send_signal(signal.SIGSTOP)  # worse than dead: it holds its port and says nothing

    incident_id = stack.report("prefect-down")
    stack.wait_for(lambda: incident_id in stack.pagerduty.alerts)
    assert not any("rolled" in text for text in stack.actions(incident_id))

    server.kill()
    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    assert "mitigated" == stack.incident(incident_id)["status"]
    assert 1 == len(stack.pagerduty.alerts[incident_id].events)


def test_a_storm_pages_each_incident_once_and_loses_none(stack: Stack) -> None:
    """20 incidents, each reported five times over: one page each, and every runbook completes."""
    services = [f"storm-{number}" for number in range(20)]
    alerts = [
        {"type": "unknown", "severity": "P2", "service": service, "description": "storm"}
        for service in services * 5
    ]

    answers = stack.ask("POST", "/v1/alerts", json=alerts).json()["incidents"]
    ids = {answer["incidentId"] for answer in answers}

    assert 20 == len(ids)
    stack.wait_for(lambda: ids <= set(stack.pagerduty.alerts))
    for incident_id in ids:
        stack.wait_for(partial(_is_done, stack, incident_id), 240)
    assert {1} == {len(stack.pagerduty.alerts[each].events) for each in ids}
    log = stack.home / "logs" / "prefect-server.log"
    assert "database is locked" not in log.read_text()


def _is_done(stack: Stack, incident_id: str) -> bool:
    return stack.state(incident_id) == "done"
