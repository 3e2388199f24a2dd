"""The breach teams have a channel and are paged; others only see that there is a breach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.intake import StartIntake
from samples.breach import breach
from schemas.errors import PageNotDelivered, PermanentError, TemporaryError
from schemas.incident import Alert, Incident, IncidentType, Severity, Status
from schemas.settings import load_settings
from standins.jira import Jira
from standins.pagerduty import ROUTING_KEY, PagerDuty
from standins.slack import BOT, PrivateChannel, Slack
from standins.standin import StandIn, contract
from support import wait_until
from tasks.breach.open_restricted_channel import channel_name, open_restricted_channel
from tasks.breach.page_breach_teams import page_breach_teams
from tasks.channels.jira import client as jira_client
from tasks.channels.slack.message import reply_in_thread
from tasks.notify.page_on_call import page_on_call
from tasks.notify.post_to_slack import post_to_slack
from tasks.notify.stand_down import acknowledge_page, resolve_page
from tasks.store import Store, open_store

SECURITY, PRIVACY = "S" * 32, "P" * 32
MEMBERS = '[breach]\nmembers = ["U0000ADA", "U000GRACE"]\n'


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    monkeypatch.setenv("AEEF_RETRY__REQUEST_TIMEOUT", "30")
    Path("aeef.toml").write_text(MEMBERS)
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def use(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    pagerduty: PagerDuty,
    slack: Slack,
    jira: Jira,
) -> None:
    """All three, configured."""
    standins: tuple[StandIn, ...] = (pagerduty, slack, jira)
    for standin in standins:
        for name, value in standin.env().items():
            monkeypatch.setenv(name, value)


def opened_for(slack: Slack, incident: Incident) -> PrivateChannel:
    """The incident's channel."""
    [found] = [each for each in slack.private if each.name == channel_name(incident)]
    return found


def posts(slack: Slack, channel: PrivateChannel) -> list[str]:
    """The channel's messages, with threads."""
    return [f"{m.text} {m.blocks}" for m in slack.messages if m.channel == channel.id]


@pytest.mark.usefixtures("use")
def test_the_channel_is_private_and_holds_what_the_others_do_not(
    store: Store, slack: Slack
) -> None:
    """Members are in, the description is there, masked; a second call adds nothing."""
    incident = breach(store, description="the dump names alice@example.com")

    said = open_restricted_channel.directly(str(incident.incident_id))
    again = open_restricted_channel.directly(str(incident.incident_id))

    assert (
        said == again == f"opened the restricted Slack channel {channel_name(incident)}; 2 invited"
    )
    channel = opened_for(slack, incident)
    assert {BOT, "U0000ADA", "U000GRACE"} == channel.members
    [message] = posts(slack, channel)
    assert "the dump names [email " in message


@pytest.mark.usefixtures("use")
def test_ordinary_channels_and_tickets_hear_only_that_there_is_one(
    store: Store, slack: Slack, jira: Jira
) -> None:
    """Later messages go to the restricted channel; the thread only gets a notice."""
    incident = breach(store, description="very secret words", service="crm")
    incident_id, settings = str(incident.incident_id), load_settings()
    post_to_slack.directly(incident_id)
    open_restricted_channel.directly(incident_id)
    jira_client.ensure_ticket(incident, settings)

    assert reply_in_thread(incident_id, "more secret words", settings, holder="a")
    assert reply_in_thread(incident_id, "more secret words", settings, holder="b")

    [public] = slack.in_channel("aeef-incidents")
    [reply] = slack.in_thread(public.ts)
    assert "secret words" not in f"{public} {reply}"
    assert public.text.startswith(f"P2 crm {incident.reference}: restricted")
    assert "data-breach" in str(public.blocks)
    private = posts(slack, opened_for(slack, incident))
    assert 2 == len(private)
    assert "more secret words" in private[1]
    assert "secret words" not in json.dumps([issue.fields for issue in jira.issues])


@pytest.mark.usefixtures("use")
def test_other_types_are_posted_as_before(store: Store, slack: Slack) -> None:
    """Only a breach is restricted."""
    alert = Alert(description="plain words", service="crm")
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)

    post_to_slack.directly(str(opened.incident.incident_id))

    assert "plain words" in str(slack.in_channel("aeef-incidents")[0].blocks)


@pytest.mark.usefixtures("use")
def test_a_crash_after_the_creation_finds_the_channel_again(store: Store, slack: Slack) -> None:
    """The answer was lost: the next attempt looks for it, and takes only its own."""
    incident = breach(store)
    slack.accept_then_drop(path="conversations.create")

    said = open_restricted_channel.directly(str(incident.incident_id))

    assert said.startswith("opened")
    assert 1 == len(slack.private)


@pytest.mark.usefixtures("use")
def test_a_channel_of_somebody_else_is_not_used(store: Store, slack: Slack) -> None:
    """Whoever made it would read everything."""
    incident = breach(store)
    name = channel_name(incident)
    slack.private.append(PrivateChannel("C99999999", name, "U0MALLORY", {BOT, "U0MALLORY"}))

    with pytest.raises(PermanentError, match="taken by a channel that this bot did not create"):
        open_restricted_channel.directly(str(incident.incident_id))

    assert [] == slack.messages


@pytest.mark.usefixtures("use")
def test_a_lost_answer_to_the_message_posts_it_once(store: Store, slack: Slack) -> None:
    """The next attempt finds it by its metadata."""
    incident = breach(store)
    slack.accept_then_drop(path="chat.postMessage")
    with pytest.raises(TemporaryError):
        open_restricted_channel.directly(str(incident.incident_id))

    open_restricted_channel.directly(str(incident.incident_id))

    assert 1 == len(posts(slack, opened_for(slack, incident)))


@pytest.mark.usefixtures("use")
def test_a_member_who_cannot_be_invited_is_named_after_the_rest(store: Store, slack: Slack) -> None:
    """One wrong id keeps out nobody else, nor the message."""
    Path("aeef.toml").write_text('[breach]\nmembers = ["U0GONE", "U0000ADA"]\n')
    incident = breach(store)

    with pytest.raises(PermanentError, match=r"U0GONE.*user_not_found"):
        open_restricted_channel.directly(str(incident.incident_id))

    channel = opened_for(slack, incident)
    assert "U0000ADA" in channel.members
    assert 1 == len(posts(slack, channel))


@pytest.mark.usefixtures("use")
def test_a_missing_scope_says_which(store: Store, slack: Slack) -> None:
    """The error says what to do."""
    slack.scopes.discard("groups:write")

    with pytest.raises(PermanentError, match="groups:write"):
        open_restricted_channel.directly(str(breach(store).incident_id))


def test_without_slack_the_record_says_so(store: Store) -> None:
    """A missing configuration is not an error, but it is recorded."""
    said = open_restricted_channel.directly(str(breach(store).incident_id))

    assert "no restricted channel was opened: Slack is not configured" == said


def test_the_stand_in_refuses_as_slack_documents() -> None:
    """Its errors are those of Slack's own description."""
    paths = contract("slack-conversations.swagger.json")["paths"]

    def documented(method: str) -> set[str]:
        schema = paths[method]["post"]["responses"]["default"]["schema"]
        return set(schema["properties"]["error"]["enum"])

    assert {"name_taken", "missing_scope", "invalid_name_specials", "invalid_name_maxlength"} <= (
        documented("/conversations.create")
    )
    assert {"channel_not_found", "not_in_channel", "user_not_found", "already_in_channel",
            "cant_invite_self", "missing_scope"} <= documented("/conversations.invite")  # fmt: skip


# Security and privacy are paged, whatever the severity.


@pytest.fixture
def teams(monkeypatch: pytest.MonkeyPatch, pagerduty: PagerDuty, use: None) -> PagerDuty:
    """PagerDuty with a key for each team."""
    pagerduty.keys |= {SECURITY, PRIVACY}
    monkeypatch.setenv("AEEF_BREACH__PAGE__SECURITY", SECURITY)
    monkeypatch.setenv("AEEF_BREACH__PAGE__PRIVACY", PRIVACY)
    return pagerduty


def a_breach(store: Store, severity: Severity) -> str:
    """An open breach of this severity."""
    alert = Alert(description="data left", service="shop")
    opened = store.open_or_attach(alert, IncidentType.DATA_BREACH, severity)
    return str(opened.incident.incident_id)


def said(store: Store, incident_id: str) -> list[str]:
    """What is on record."""
    return [each.action for each in store.incident(incident_id).actions_taken]


@pytest.mark.parametrize("severity", list(Severity))
def test_each_team_is_paged_once_and_stood_down(
    store: Store, teams: PagerDuty, severity: Severity
) -> None:
    """By its own key, under its own dedup key; acknowledge and resolve reach it there."""
    incident_id = a_breach(store, severity)
    page_breach_teams.directly(incident_id)
    page_breach_teams.directly(incident_id)

    assert {
        f"{incident_id}:security": SECURITY,
        f"{incident_id}:privacy": PRIVACY,
    } == {key: alert.routed for key, alert in teams.alerts.items()}
    assert 2 == teams.pages
    assert ["paged security by PagerDuty (data breach, for security)"] == [
        text for text in said(store, incident_id) if "paged security" in text
    ]
    acknowledge_page(incident_id, load_settings())
    assert {"acknowledged"} == {alert.state for alert in teams.alerts.values()}
    store.set_status(incident_id, Status.RESOLVED, actor="ada")
    resolve_page(incident_id, load_settings(), holder="test")
    assert {"resolved"} == {alert.state for alert in teams.alerts.values()}


@pytest.mark.usefixtures("use")
@pytest.mark.parametrize("severity", list(Severity))
def test_without_keys_the_on_call_is_paged_whatever_the_severity(
    store: Store, pagerduty: PagerDuty, severity: Severity
) -> None:
    """Once, together with the route's own page; that no key is configured is on record."""
    incident_id = a_breach(store, severity)
    page_on_call.directly(incident_id)

    page_breach_teams.directly(incident_id)

    assert [incident_id] == list(pagerduty.alerts)
    assert 1 == pagerduty.pages
    assert ROUTING_KEY == pagerduty.alerts[incident_id].routed
    text = "no routing key of security and privacy is configured"
    assert 1 == sum(text in each for each in said(store, incident_id))


def test_the_teams_are_paged_at_the_door(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """As soon as the alert is durable, without Prefect; P4 too, and nobody else then."""
    pagerduty.keys |= {SECURITY, PRIVACY}
    page = {"security": SECURITY, "privacy": PRIVACY}
    intake = start_intake(pagerduty, breach={"page": page})

    incident_id = intake.report(type="data-breach", severity="P4", description="data left")

    both = {f"{incident_id}:security", f"{incident_id}:privacy"}
    wait_until(lambda: both == set(pagerduty.alerts))
    again = intake.report(type="data-breach", severity="P4", description="data left")
    assert again == incident_id
    assert 2 == pagerduty.pages


def test_a_page_that_pagerduty_refuses_goes_out_by_the_next_channel(
    store: Store, teams: PagerDuty, slack: Slack
) -> None:
    """If one team's key is wrong, the other team is still paged."""
    teams.keys.discard(PRIVACY)
    incident_id = a_breach(store, Severity.P4)

    page_breach_teams.directly(incident_id)

    assert [f"{incident_id}:security"] == list(teams.alerts)
    assert any("told privacy by Slack" in text for text in said(store, incident_id))
    assert slack.in_channel("aeef-incidents")


def test_when_nobody_takes_it_the_step_is_tried_again(
    store: Store, teams: PagerDuty, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each channel is named with its reason."""
    monkeypatch.delenv("AEEF_JIRA__TOKEN")
    for standin in (teams, slack):
        standin.fail_with(500, times=None)

    with pytest.raises(PageNotDelivered, match=r"PagerDuty.*Slack"):
        page_breach_teams.directly(a_breach(store, Severity.P3))
    for standin in (teams, slack):
        standin.recover()
