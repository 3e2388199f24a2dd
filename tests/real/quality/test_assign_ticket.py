"""The ticket is assigned and the owner notified exactly once, whatever fails on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from samples.quality_target import ACCOUNT
from schemas.errors import OutsideServiceError, TemporaryError
from schemas.incident import Alert, IncidentType, Severity
from schemas.quality import Assessment, Change, Count, FileQuality, Investigation, Measure, Suspect
from schemas.settings import load_settings
from standins.jira import Jira
from standins.slack import Slack
from tasks.channels.jira.ticket import ensure_ticket
from tasks.notify.tickets.create_ticket import create_ticket
from tasks.quality.assign_ticket import assign_ticket
from tasks.quality.notify_owner import notify_owner
from tasks.store import Store, open_store

USER = "U0OWNER01"
EVIL = "<!channel>&`*x*`\n<@U1>.py"
FOUND = Assessment(
    target="shop",
    commit="a" * 40,
    now=FileQuality(line=Count(1, 2)),
    suspects=(
        Suspect(path=EVIL, changes=(Change(measure=Measure.LINE, before=90, now=50, lost=1),)),
    ),
    fell=True,
    baseline="b" * 40,
)
OWNER = Investigation(owner="@shop/cart", because="CODEOWNERS", jira=ACCOUNT, slack=USER)


@pytest.fixture
def store(
    home: object, jira: Jira, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """A store, with Jira and Slack configured; Slack knows the owner."""
    for name, value in {
        **jira.env(), **slack.env(), "AEEF_HOME": str(home), "AEEF_RETRY__REQUEST_TIMEOUT": "30",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    slack.channels[USER] = USER
    slack.members.add(USER)
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def incident_id(store: Store) -> str:
    """An incident."""
    alert = Alert(type=IncidentType.QUALITY_DEGRADATION, service="shop")
    opened = store.open_or_attach(alert, IncidentType.QUALITY_DEGRADATION, Severity.P3)
    return str(opened.incident.incident_id)


def assigned(incident_id: str, investigation: Investigation = OWNER) -> str:
    """Run the step that assigns the ticket; returns its text."""
    return str(assign_ticket.directly(incident_id, FOUND, investigation))


def told(incident_id: str) -> str:
    """Run the step that notifies the owner; returns its text."""
    return str(notify_owner.directly(incident_id, FOUND, OWNER))


def test_a_ticket_is_made_commented_and_assigned_once(jira: Jira, incident_id: str) -> None:
    """However often the step runs; the figures are in the comment as plain text."""
    for _ in range(3):
        said = assigned(incident_id)

    [issue] = jira.issues
    assert {"accountId": ACCOUNT} == issue.fields["assignee"]
    assert 1 == len(issue.comments)
    assert "line coverage 90.0 → 50.0 %" in json.dumps(issue.comments, ensure_ascii=False)
    assert "assigned already" in said


def test_whoever_took_the_ticket_keeps_it(jira: Jira, incident_id: str) -> None:
    """A person's assignment is not overruled."""
    create_ticket.directly(incident_id)
    jira.issues[0].fields["assignee"] = {"accountId": "somebody"}

    assert "assigned already" in assigned(incident_id)
    assert {"accountId": "somebody"} == jira.issues[0].fields["assignee"]


@pytest.mark.parametrize(
    ("account", "said"), [(None, "no 'jira' in"), ("unknown-account", "is not assigned")]
)
def test_an_owner_whom_jira_does_not_know_is_named(
    jira: Jira, incident_id: str, account: str | None, said: str
) -> None:
    """In the record and in the ticket's comment."""
    nobody = OWNER.model_copy(update={"jira": account})

    assert said in assigned(incident_id, nobody)
    assert "@shop/cart" in json.dumps(jira.issues[0].comments)


def test_a_comment_that_was_cut_off_is_not_made_again(jira: Jira, incident_id: str) -> None:
    """The retry looks first."""
    jira.accept_then_drop(path="/comment")
    with pytest.raises(TemporaryError):
        assigned(incident_id)

    assigned(incident_id)

    assert 1 == len(jira.issues[0].comments)
    assert {"accountId": ACCOUNT} == jira.issues[0].fields["assignee"]


def test_two_steps_side_by_side_make_one_ticket(jira: Jira, incident_id: str) -> None:
    """Although Jira's search finds nothing yet of what the other has just created."""
    jira.index_lag = 1000

    with ThreadPoolExecutor() as threads:
        for _ in range(2):
            threads.submit(create_ticket.directly, incident_id)
            threads.submit(assign_ticket.directly, incident_id, FOUND, OWNER)

    assert 1 == len(jira.issues)


def test_a_ticket_that_may_be_there_is_looked_for_by_the_same_step(
    jira: Jira, incident_id: str
) -> None:
    """Its claim stays with it, so that nobody else creates another."""
    jira.accept_then_drop(path="/issue")
    with pytest.raises(TemporaryError):
        ensure_ticket(incident_id, load_settings(), holder="one")

    assert "busy" == open_store(load_settings()).claims(incident_id)["ticket"].state
    assert "AEEF-1" == ensure_ticket(incident_id, load_settings(), holder="one").key
    assert 1 == len(jira.issues)


def test_the_owner_is_told_once_and_nobody_else_is_called(slack: Slack, incident_id: str) -> None:
    """A direct message, in which a file's name can mention no one."""
    for _ in range(3):
        assert "told @shop/cart in Slack" == told(incident_id)

    [message] = slack.in_channel(USER)
    assert "&lt;!channel&gt;&amp;" in message.text
    assert "<" not in message.text


@pytest.mark.parametrize("fault", ["accept_then_drop", "drop", "refused"])
def test_a_message_that_may_not_have_arrived_goes_to_the_thread(
    slack: Slack, incident_id: str, fault: str
) -> None:
    """Never twice to the owner; the thread of the incident names them instead."""
    if fault == "accept_then_drop":
        slack.accept_then_drop()
    elif fault == "drop":
        slack.drop_connection()
    else:
        slack.members.discard(USER)

    for _ in range(2):
        assert "thread" in told(incident_id)

    assert (1 if fault == "accept_then_drop" else 0) == len(slack.in_channel(USER))
    [post] = slack.in_channel("aeef-warnings")
    [reply] = slack.in_thread(post.ts)
    assert "@shop/cart" in reply.text


def test_without_slack_or_jira_the_record_says_so(
    incident_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not configured is no error, and never silent."""
    monkeypatch.delenv("AEEF_SLACK__TOKEN")
    monkeypatch.delenv("AEEF_JIRA__TOKEN")

    assert "Slack is not configured" in str(notify_owner.directly(incident_id, None, OWNER))
    assert "Jira is not configured" in str(assign_ticket.directly(incident_id, None, OWNER))


def test_jira_that_is_down_is_worth_a_retry(jira: Jira, incident_id: str) -> None:
    """And nothing was done."""
    jira.fail_with(503, times=None)

    with pytest.raises(OutsideServiceError):
        assigned(incident_id)
    assert [] == jira.issues
