"""The incident's message in Slack says what was done so far, and never something older again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from deployments.intake.beside.sweep import Sweep
from schemas.errors import TemporaryError
from schemas.incident import Alert, Incident, IncidentType, Phase, Severity, Status
from schemas.settings import Settings
from standins.pagerduty import PagerDuty
from standins.slack import BOT, PrivateChannel, Slack, SlackPost
from standins.standin import settings_for
from support import wait_until
from tasks.base.http import Unclear
from tasks.channels.slack import changes
from tasks.channels.slack.changes import overdue_changes
from tasks.channels.slack.message import (
    ensure_message,
    ensure_restricted_message,
    reply_in_thread,
)
from tasks.notify.page_on_call import ensure_page
from tasks.notify.post_to_slack import post_to_slack
from tasks.notify.show_progress import show, show_end_of_run, show_progress
from tasks.notify.stand_down import acknowledge_page, resolve_page
from tasks.store import Store, open_store

UPDATE = "chat.update"


class Told:
    """An incident, and what Slack shows of it."""

    def __init__(self, settings: Settings, slack: Slack) -> None:
        self.settings, self.slack = settings, slack
        self.store: Store = open_store(settings)
        self.incident = self.open(Severity.P3)
        self.id = str(self.incident.incident_id)

    def open(self, severity: Severity, kind: IncidentType = IncidentType.DRIFT) -> Incident:
        """Open it, or raise its severity."""
        alert = Alert(description="it differs", service="shop", dedup_key="shop")
        return self.store.open_or_attach(alert, kind, severity).incident

    def now(self, phase: Phase, said: str = "", mark: str = "run:1", flow: str = "drift") -> None:
        """The run says what it does."""
        show_progress(self.id, self.settings, flow=flow, mark=mark, phase=phase, said=said)

    def post(self) -> str:
        """The runbook's step."""
        return post_to_slack.directly(self.id)

    @property
    def message(self) -> SlackPost:
        """The one message in #aeef-warnings."""
        [message] = self.slack.in_channel("aeef-warnings")
        return message

    @property
    def line(self) -> str:
        """What the message says was done."""
        return shown_in(self.message.blocks)

    @property
    def actions(self) -> list[str]:
        """The record."""
        return [each.action for each in self.store.incident(self.id).actions_taken]


def shown_in(blocks: list[dict[str, object]]) -> str:
    """The line "Auto-response" of a message."""
    return str(blocks[1]["text"]["text"]).partition("*Auto-response:* ")[2]  # type: ignore[index]


@pytest.fixture
def told(slack: Slack, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """An incident, not posted yet."""
    for name, value in {**slack.env(), "AEEF_HOME": str(home)}.items():
        monkeypatch.setenv(name, value)
    made = Told(settings_for(slack, home=home), slack)
    yield made
    made.store.close()


@pytest.mark.proves("SPEC-SLACK-template")
def test_the_same_message_says_what_is_done_as_it_happens(told: Told) -> None:
    """Nothing yet, working on it, failed, working on it again, done: one message, five texts."""
    ensure_message(told.incident, told.settings, holder="door")
    told.now(Phase.WORKING)
    told.now(Phase.FAILED, "it did not answer")
    told.now(Phase.WORKING, mark="run:2")
    told.now(Phase.DONE, "rolled shop back to 1a2b", mark="run:2")
    told.now(Phase.DONE, "a repetition changes nothing", mark="run:2")

    message = told.message
    assert [
        "nothing yet: no runbook has begun",
        "working on it",
        "FAILED, a person must take over: it did not answer",
        "working on it",
        "done: rolled shop back to 1a2b",
        "done: rolled shop back to 1a2b",
    ] == [shown_in(each) for each in (*message.before, message.blocks)]
    assert not told.slack.in_thread(message.ts)


def test_a_run_that_died_is_not_said_to_work_on_it(told: Told) -> None:
    """The sweep finds it dead; another run's work is not touched by that."""
    told.now(Phase.WORKING)
    told.now(Phase.WORKING, flow="emergency-patch", mark="other:1")
    told.post()

    for _ in range(2):
        show_end_of_run(told.id, told.settings, run_id="run", said="run run ended")

    assert (
        "drift: FAILED, a person must take over: run run ended\nemergency-patch: working on it"
    ) == told.line
    assert 1 == len(told.message.before)


def test_each_flow_has_its_line(told: Told) -> None:
    """A patch that waits for approval is not hidden by the runbook that is done."""
    told.post()
    told.now(Phase.WORKING)
    told.now(Phase.WAITING, "for approval: aeef approve 1a2b", flow="emergency-patch")
    told.now(Phase.DONE, "isolated shop")

    assert (
        "drift: done: isolated shop\nemergency-patch: waiting: for approval: aeef approve 1a2b"
    ) == told.line


def test_people_change_the_message_too(told: Told) -> None:
    """Who looks at the channel sees that somebody has taken it, and that it is over."""
    told.post()
    told.store.acknowledge(told.id, actor="ada")
    acknowledge_page(told.id, told.settings)
    taken = str(told.message.blocks)
    told.store.set_status(told.id, Status.RESOLVED, actor="ada")
    resolve_page(told.id, told.settings, holder="ada")

    assert "*Status:* investigating" in taken
    assert "*Status:* resolved" in str(told.message.blocks)


def test_a_severity_that_rises_is_posted_where_it_belongs(told: Told) -> None:
    """A P3 raised to P1 is in #aeef-incidents, and the record names what Slack answered."""
    first = told.post()
    assert f"posted to Slack #aeef-warnings (C00000001, {told.message.ts})" == first
    told.now(Phase.WORKING)
    told.open(Severity.P1)

    second = told.post()
    third = told.post()

    [urgent] = told.slack.in_channel("aeef-incidents")
    assert f"posted to Slack #aeef-incidents ({urgent.channel}, {urgent.ts})" == second
    assert third == f"it was already {second}"
    told.now(Phase.DONE, "restored shop")
    assert "done: restored shop" == shown_in(urgent.blocks) == told.line
    assert "P1" in str(told.message.blocks[0])


def test_a_page_by_slack_is_where_the_on_call_look(told: Told) -> None:
    """A page for what was posted as P3 is no reply in a thread of #aeef-warnings."""
    told.post()
    told.open(Severity.P1)

    ensure_page(told.id, told.settings, holder="door")

    [urgent] = told.slack.in_channel("aeef-incidents")
    [reply] = told.slack.in_thread(urgent.ts)
    assert "On-call, please take this" in reply.text
    assert not told.slack.in_thread(told.message.ts)


@pytest.mark.parametrize("why", ["message_not_found", "edit_window_closed", "cant_update_message"])
def test_a_message_that_cannot_be_changed_gets_a_reply(told: Told, why: str) -> None:
    """What it cannot say is in its thread, once, and the record says so; nothing fails."""
    told.post()
    told.slack.lie({"ok": False, "error": why}, times=None, path=UPDATE)
    for _ in range(2):
        told.now(Phase.DONE, "rolled shop back")

    [reply] = told.slack.in_thread(told.message.ts)
    assert reply.text.startswith("done: rolled shop back (the message above could not be changed")
    assert "nothing yet: no runbook has begun" == told.line
    [said] = [each for each in told.actions if "was not changed" in each]
    assert f"the message in Slack #aeef-warnings (C00000001, {told.message.ts})" in said
    assert why in said
    assert said.endswith("its thread says what is new")


def test_a_reply_that_was_cut_off_is_not_repeated(told: Told) -> None:
    """The process died, or the connection, when Slack had it: the next attempt looks first."""
    told.post()
    told.slack.accept_then_drop(path="chat.postMessage")
    with pytest.raises(Unclear):
        reply_in_thread(told.id, "it is over & done", told.settings, holder="run")

    assert reply_in_thread(told.id, "it is over & done", told.settings, holder="run")
    told.slack.rate_limit(30, path="chat.postMessage")
    with pytest.raises(TemporaryError):
        reply_in_thread(told.id, "more", told.settings, holder="run")
    assert reply_in_thread(told.id, "more", told.settings, holder="run")

    replies = [each.text for each in told.slack.in_thread(told.message.ts)]
    assert ["it is over &amp; done", "more"] == replies


def test_a_limit_of_slack_only_delays_the_change(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 429 fails nothing and holds nothing up; the sweep changes the message later."""
    told.post()
    monkeypatch.setattr(changes, "LEASE", timedelta(0))
    told.slack.rate_limit(30, path=UPDATE)
    told.now(Phase.DONE, "rolled shop back")
    assert "nothing yet: no runbook has begun" == told.line
    assert [told.id] == overdue_changes(told.settings)

    Sweep(told.settings, told.store, lambda *_a, **_k: None).change_messages()

    assert "done: rolled shop back" == told.line
    assert [] == overdue_changes(told.settings)


def test_while_slack_wants_silence_nobody_asks_again(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes within the minute leaves it to the sweep, and does not wait for it."""
    told.post()
    monkeypatch.setattr(changes, "LONGEST_WAIT", 0.0)
    told.slack.rate_limit(30, path=UPDATE)
    told.now(Phase.WORKING)
    asked = len(told.slack.requests)

    told.now(Phase.DONE, "rolled shop back")

    assert asked == len(told.slack.requests)
    assert [told.id] == overdue_changes(told.settings)


def test_an_older_state_never_replaces_a_newer_one(told: Told) -> None:
    """One process is stuck in the middle of a change while the run goes on in another."""
    told.post()
    told.slack.accept_then_stall(path=UPDATE)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(told.now, Phase.WORKING)
        wait_until(lambda: told.line == "working on it")
        quick = pool.submit(told.now, Phase.DONE, "rolled shop back")
        wait_until(lambda: len(told.store.claims(told.id)) > 3)
        told.slack.release()
        slow.result()
        quick.result()

    show(told.id, told.settings)
    assert "done: rolled shop back" == told.line


def test_of_a_data_breach_everybody_reads_only_whether_it_is_done(told: Told) -> None:
    """What was done says where the data is: that is for the restricted channel."""
    alert = Alert(description="secret words", service="crm", dedup_key="crm")
    breach = told.store.open_or_attach(alert, IncidentType.DATA_BREACH, Severity.P1).incident
    told.id = str(breach.incident_id)
    told.slack.private.append(PrivateChannel("C10000009", "breach-x", BOT, {BOT}))
    told.post()
    ensure_restricted_message("C10000009", breach, told.settings, holder="run")

    told.now(Phase.DONE, "isolated the crm", flow="data-breach")

    [public] = told.slack.in_channel("aeef-incidents")
    [private] = [each for each in told.slack.messages if each.channel == "C10000009"]
    assert "done: its record says more" == shown_in(public.blocks)
    assert "done: isolated the crm" == shown_in(private.blocks)
    assert "secret words" in str(private.blocks)
    assert "secret words" not in str(public)


def test_without_slack_nothing_is_changed(pagerduty: PagerDuty, home: Path) -> None:
    """Progress is noted all the same."""
    settings = settings_for(pagerduty, home=home)
    store = open_store(settings)
    alert = Alert(description="it is down", service="shop")
    incident = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P1).incident
    show_progress(
        str(incident.incident_id), settings, flow="triage", mark="1", phase=Phase.DONE, said="x"
    )

    assert [] == overdue_changes(settings)
    assert [] == pagerduty.requests
    store.close()
