"""A page is taken by what rings: what only tells is used once meanwhile, and it is tried again."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from fixtures.intake import QUICK, Intake, StartIntake
from schemas.incident import Status
from standins.jira import Jira
from standins.pagerduty import PagerDuty
from standins.slack import Slack
from support import wait_until
from tasks.base.http import LARGEST_ANSWER
from tasks.notify.page_on_call import ensure_page, page_on_call
from tasks.notify.ringing import silent_pages
from tasks.notify.stand_down import resolve_page

SOON = {"first_wait": 0.05, "longest_wait": 0.1, "notify_after": 0.2, "refused_wait": 0.1}
NOT_AGAIN = QUICK._replace(ring=3600)
"""An intake that does not go on with pages."""
BOMB = gzip.compress(b" " * (LARGEST_ANSWER + 1))

Trouble = Callable[[PagerDuty], None]

TROUBLES: dict[str, Trouble] = {
    "answers 500": lambda it: it.fail_with(500, times=None),
    "answers 429": lambda it: it.rate_limit(0.1, times=None),
    "hangs": lambda it: it.stall(times=None),
    "breaks the connection": lambda it: it.drop_connection(times=None),
    "sends HTML": lambda it: it.lie(b"<html>sign in</html>", times=None),
    "sends a gzip bomb": lambda it: it.fail_with(
        200, times=None, body=BOMB, headers={"Content-Encoding": "gzip"}
    ),
    "sends a bomb in a bomb": lambda it: it.fail_with(
        200, times=None, body=gzip.compress(BOMB), headers={"Content-Encoding": "gzip, gzip"}
    ),
    "sends us elsewhere": lambda it: it.fail_with(
        307, times=None, headers={"Location": "/v2/enqueue"}
    ),
    "refuses": lambda it: it.fail_with(400, times=None, body={"message": "bad routing key"}),
}


def start(start_intake: StartIntake, *standins: Any, **sections: Any) -> Intake:
    """An intake with short waits."""
    quick = {"attempts": 1, "first_wait": 0.0, "request_timeout": 2}
    return start_intake(*standins, **({"paging": SOON, "retry": quick} | sections))


def told(intake: Intake, incident_id: str) -> bool:
    """True when the record says that somebody was told meanwhile."""
    return any(each.startswith("told on-call by ") for each in intake.actions(incident_id))


def rang(intake: Intake, incident_id: str) -> bool:
    """True when the page is taken by what rings."""
    return intake.store.claim_result(incident_id, "page:P1") is not None


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_does_not_ring_is_tried_until_it_does(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack, trouble: str
) -> None:
    """Slack is told once; when the pager is back it rings once, and the record says when."""
    TROUBLES[trouble](pagerduty)
    intake = start(start_intake, pagerduty, slack)
    incident_id = intake.report()
    wait_until(lambda: told(intake, incident_id))
    tried = len(pagerduty.requests)
    wait_until(lambda: len(pagerduty.requests) > tried)
    assert not rang(intake, incident_id)
    wait_until(lambda: silent_pages(intake.store))
    pagerduty.recover()
    wait_until(lambda: rang(intake, incident_id))

    first, last = intake.actions(incident_id)[1:]
    assert first.startswith(
        "told on-call by Slack, which rings nobody; PagerDuty did not take it: "
    )
    assert first.endswith("; still trying")
    assert last.startswith("paged on-call by PagerDuty; it took ")
    assert 1 == pagerduty.pages
    (message,) = slack.in_channel("#aeef-incidents")
    assert 1 == len(slack.in_thread(message.ts))
    wait_until(lambda: not intake.store.waiting_pages())
    assert silent_pages(intake.store) is None


def test_another_intake_goes_on(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack
) -> None:
    """What the first had begun is in the store; Slack is not told again."""
    pagerduty.fail_with(500, times=None)
    first = start(start_intake, pagerduty, slack, timing=NOT_AGAIN)
    incident_id = first.report()
    wait_until(lambda: told(first, incident_id))
    pagerduty.recover()
    start(start_intake, pagerduty, slack)
    wait_until(lambda: rang(first, incident_id))

    assert 1 == pagerduty.pages
    (message,) = slack.in_channel("#aeef-incidents")
    assert 1 == len(slack.in_thread(message.ts))


def test_a_step_is_content_with_a_page_that_was_told(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack
) -> None:
    """It neither fails nor waits: the intake goes on trying."""
    pagerduty.fail_with(500, times=None)
    later = {**SOON, "first_wait": 3600, "longest_wait": 3600}
    intake = start(start_intake, pagerduty, slack, timing=NOT_AGAIN, paging=later)
    incident_id = intake.report()
    wait_until(lambda: bool(intake.store.waiting_pages()))
    wait_until(lambda: told(intake, incident_id))
    page = ensure_page(incident_id, intake.settings, holder="run 1", wait=True)

    assert page is not None
    assert ("slack", True) == (page.channel, page.still_trying)
    assert "page on-call" == page_on_call.name
    assert 1 == len(slack.in_thread(slack.in_channel("#aeef-incidents")[0].ts))


def test_nothing_rings_any_longer_for_what_is_over(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack
) -> None:
    """The page is not tried again, and what a lost answer may have begun is ended."""
    pagerduty.accept_then_drop(times=None)
    intake = start(start_intake, pagerduty, slack)
    incident_id = intake.report()
    wait_until(lambda: told(intake, incident_id))
    pagerduty.recover()
    intake.store.set_status(incident_id, Status.RESOLVED, actor="ada")
    wait_until(lambda: intake.store.claims(incident_id)["page:P1"].state != "busy")
    resolve_page(incident_id, intake.settings, holder="ada")

    assert ([], []) == (intake.store.waiting_pages(), intake.store.untaken_of(UUID(incident_id)))
    assert ["resolved"] == [each.state for each in pagerduty.alerts.values()]


def test_nothing_rings_for_what_somebody_has_taken(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack
) -> None:
    """Whoever read it in Slack and acknowledged is not called as well."""
    pagerduty.fail_with(500, times=None)
    intake = start(start_intake, pagerduty, slack)
    incident_id = intake.report()
    wait_until(lambda: told(intake, incident_id))
    intake.store.acknowledge(incident_id, actor="ada")
    wait_until(lambda: not intake.store.waiting_pages())
    pagerduty.recover()

    ends = "somebody has acknowledged the incident"
    wait_until(lambda: intake.actions(incident_id)[-1].endswith(ends))
    assert 0 == pagerduty.pages


def test_where_nothing_rings_to_tell_is_all_there_is(
    start_intake: StartIntake, slack: Slack, jira: Jira
) -> None:
    """It is said as it is, and it is finished."""
    intake = start(start_intake, slack, jira)
    incident_id = intake.report()
    wait_until(lambda: rang(intake, incident_id))

    said = intake.actions(incident_id)[-1]
    assert said.startswith("told on-call by Slack, which rings nobody; PagerDuty did not take it: ")
    assert not said.endswith("still trying")
    assert [] == intake.store.waiting_pages()


def test_a_refusal_for_good_is_tried_again_when_the_settings_are_mended(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """Until then health says that pages do not ring, and why."""
    pagerduty.fail_with(400, times=None, body={"message": "bad routing key"})
    slow = {**SOON, "refused_wait": 3600}
    intake = start(start_intake, pagerduty, paging=slow)
    incident_id = intake.report()
    said = str(wait_until(lambda: silent_pages(intake.store)))

    assert said.startswith("pages do not ring: PagerDuty: could not page the on-call: ")
    assert "bad routing key" in said
    assert [True] == [each.page.is_refused_for_good for each in intake.store.waiting_pages()]
    assert not rang(intake, incident_id)


@pytest.fixture
def dead_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A name whose look-up hangs until the test is over."""
    over = threading.Event()
    look_up = socket.getaddrinfo

    def hang(host: Any, *args: Any, **more: Any) -> Any:
        if host == "pager.example":
            over.wait(60)
            raise socket.gaierror("it is over")
        return look_up(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield "http://pager.example"
    over.set()


def test_forty_behind_a_dead_resolver_are_told(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack, dead_resolver: str
) -> None:
    """Each within moments, by what answers; one thread hangs, not forty."""
    dead = {**pagerduty.settings(), "url": dead_resolver}
    intake = start_intake(
        slack, pagerduty=dead, retry={"request_timeout": 5, "attempts": 1}, paging={}
    )
    storm = [{"type": "security", "severity": "P1", "service": f"s{n}"} for n in range(40)]
    answer = intake.ask("POST", "/v1/alerts", json=storm)
    ids = [each["incidentId"] for each in answer.json()["incidents"]]
    wait_until(lambda: all(told(intake, each) for each in ids))
    hanging = [each.name for each in threading.enumerate() if each.name == "name look-up"]

    assert 1 == len(hanging)
    assert 40 == len(slack.in_channel("#aeef-incidents"))


def test_forty_behind_a_pager_that_hangs_are_told_and_then_ring(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack
) -> None:
    """Nobody waits for what does not answer; each rings once when it does."""
    pagerduty.stall(times=None)
    patient = {"request_timeout": 25, "attempts": 1}
    longer = {**SOON, "answer_within": 25}
    intake = start(start_intake, pagerduty, slack, retry=patient, paging=longer)
    storm = [{"type": "security", "severity": "P1", "service": f"s{n}"} for n in range(40)]
    answer = intake.ask("POST", "/v1/alerts", json=storm)
    ids = [each["incidentId"] for each in answer.json()["incidents"]]
    wait_until(lambda: all(told(intake, each) for each in ids))
    pagerduty.recover()

    assert any("it has not answered within" in intake.actions(each)[1] for each in ids)
    wait_until(partial(_all_rang, intake, ids))
    assert 40 == pagerduty.pages


def _all_rang(intake: Intake, ids: list[str]) -> bool:
    return all(rang(intake, each) for each in ids)


def test_what_is_sent_is_an_event_once(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack
) -> None:
    """Told and rung is one page: the escalation clock begins once."""
    pagerduty.fail_with(500, times=4)
    intake = start(start_intake, pagerduty, slack)
    incident_id = intake.report()
    wait_until(lambda: rang(intake, incident_id))

    assert 2 == intake.store.pending_events()  # detected, paged
