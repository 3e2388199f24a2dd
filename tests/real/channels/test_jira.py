"""Jira: one ticket for an incident, whatever fails on the way, as a document that Jira accepts."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
import stamina
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import OutsideServiceError, PermanentError, TemporaryError
from schemas.incident import Severity
from schemas.settings import Settings
from standins.jira import EMAIL, Jira, field_problems
from standins.receiver_rules import ReceiverRules, an_incident
from standins.standin import StandIn, settings_for
from tasks.base.http import Unclear
from tasks.channels.jira import client
from tasks.channels.jira.document import DESCRIPTION_LIMIT

CREATE = "/rest/api/3/issue"
LABEL = f"aeef-{an_incident().incident_id}"


class TestJiraReceiver(ReceiverRules):
    """What holds for every receiver."""

    name = "Jira"
    setting = "AEEF_JIRA__URL"

    @pytest.fixture
    def standin(self, jira: Jira) -> StandIn:
        """Jira."""
        return jira

    def standin_of(self) -> StandIn:
        """Jira, not started."""
        return Jira()

    def act(self, settings: Settings, tries: int = 1) -> object:
        """Make sure that there is a ticket."""
        return client.ensure_ticket(an_incident(), settings, tries=tries)


class TestJiraCreateReceiver(TestJiraReceiver):
    """The same when the search works, and the creation is what fails."""

    def act(self, settings: Settings, tries: int = 1) -> object:
        """Create a ticket."""
        fields = client.fields_of(an_incident(), settings)
        del fields["priority"]
        return client.create(fields, settings, tries=tries)


@pytest.mark.proves("SPEC-JIRA")
def test_ticket(jira: Jira) -> None:
    """The spec's ticket, with its label, and a description that is a document."""
    ticket = client.ensure_ticket(an_incident(Severity.P3, type="drift"), settings_for(jira))

    assert ("AEEF-1", f"{jira.url}/browse/AEEF-1", True) == ticket
    fields = dict(jira.issues[0].fields)
    description = json.dumps(fields.pop("description"))
    assert {
        "project": {"key": "AEEF"},
        "issuetype": {"name": "Bug"},
        "summary": "AEEF Incident: P3 - drift shop: shop 2.1 failed its health checks",
        "labels": ["aeef", LABEL, "aeef-drift"],
        "priority": {"name": "High"},
    } == fields
    assert "shop 2.1 failed its health checks" in description
    assert f'"http://127.0.0.1:8180/incidents/{an_incident().incident_id}/run"' in description


def test_second_time_finds_it(jira: Jira) -> None:
    """A ticket that exists is found, not made again."""
    settings = settings_for(jira)
    created = client.ensure_ticket(an_incident(), settings)
    again = client.ensure_ticket(an_incident(), settings)

    assert (created.key, created.url, False) == again
    assert 1 == len(jira.issues)


@pytest.mark.parametrize("lag", [0, 1])
def test_cut_off_creation_is_one_ticket(jira: Jira, lag: int) -> None:
    """A creation that was not confirmed is not repeated blindly; the repetition finds the ticket.

    The error asks for time, so that the search index has settled by then.
    """
    jira.accept_then_drop(path=CREATE)
    jira.index_lag = lag
    settings = settings_for(jira)

    with pytest.raises(Unclear) as caught:
        client.ensure_ticket(an_incident(), settings, tries=5)
    assert client.INDEX_SETTLES == caught.value.retry_after
    for _ in range(lag):  # meanwhile the index settles
        assert client.find_ticket(an_incident(), settings) is None
    ticket = client.ensure_ticket(an_incident(), settings)

    assert not ticket.created
    assert 1 == len(jira.issues)


def test_refused_creation_is_tried_again(jira: Jira) -> None:
    """A rate limit surely created nothing: it is tried again at once."""
    jira.rate_limit(0, path=CREATE)

    assert client.ensure_ticket(an_incident(), settings_for(jira), tries=2).created
    assert 1 == len(jira.issues)


def test_long_rate_limit_travels(jira: Jira) -> None:
    """Jira's own wish stays what it is when it is longer than the index needs."""
    jira.fail_with(503, headers={"Retry-After": "90"}, path=CREATE)

    with pytest.raises(TemporaryError) as caught:
        client.ensure_ticket(an_incident(), settings_for(jira))

    assert 90 == caught.value.retry_after


def test_site_without_our_priority(jira: Jira) -> None:
    """A site that does not know the priority gets the ticket without it."""
    jira.priorities = {"Blocker"}

    assert client.ensure_ticket(an_incident(), settings_for(jira)).created

    (issue,) = jira.issues
    assert "priority" not in issue.fields


def test_own_priorities(jira: Jira) -> None:
    """Priorities are the site's own names."""
    jira.priorities = {"Blocker"}
    section = {**jira.settings(), "priorities": {"P1": "Blocker"}}

    client.ensure_ticket(an_incident(), settings_for(jira=section))

    assert {"name": "Blocker"} == jira.issues[0].fields["priority"]


def test_other_refusals_are_final(jira: Jira) -> None:
    """Another wrong field is reported by its name, and not tried again."""
    section = {**jira.settings(), "project": "NOPE"}

    with pytest.raises(PermanentError, match="400: project: valid project is required"):
        client.ensure_ticket(an_incident(), settings_for(jira=section), tries=3)

    assert [] == jira.issues


def test_priority_is_dropped_only_once(jira: Jira) -> None:
    """If the site rejects the priority even without one, the attempts end."""
    jira.fail_with(400, body={"errors": {"priority": "is required"}}, times=None, path=CREATE)

    with pytest.raises(PermanentError, match="priority: is required"):
        client.ensure_ticket(an_incident(), settings_for(jira))

    assert 3 == len(jira.requests)


@pytest.mark.parametrize("key", ["", "../x", "AEEF", "aeef-1", 7, None])
def test_strange_keys(jira: Jira, key: object) -> None:
    """An answer with an invalid key is not taken for a ticket."""
    jira.lie({"id": "1", "key": key}, status=201, path=CREATE)

    with pytest.raises(TemporaryError, match="not what its API promises"):
        client.ensure_ticket(an_incident(), settings_for(jira))


def test_oldest_of_two(jira: Jira) -> None:
    """Should there be two tickets, everyone uses the first."""
    settings = settings_for(jira)
    client.ensure_ticket(an_incident(), settings)
    jira.issues.append(type(jira.issues[0])("AEEF-2", dict(jira.issues[0].fields)))

    assert "AEEF-1" == client.ensure_ticket(an_incident(), settings).key


def test_check(jira: Jira) -> None:
    """The doctor reports our user, or the reason; the email is not secret, the token is."""
    said = "Jira user AEEF Runbooks, project AEEF; creating is proven by the first ticket"
    assert said == client.check(settings_for(jira))
    section = {**jira.settings(), "token": "wrong-token"}
    with pytest.raises(PermanentError, match=r"401.*AEEF_JIRA__TOKEN") as caught:
        client.check(settings_for(jira=section))
    assert "wrong-token" not in str(caught.value)


def test_basic_auth_is_hidden(jira: Jira) -> None:
    """Neither the token nor the encoded pair of email and token is in an error."""
    jira.echo(400)

    with stamina.set_testing(True), pytest.raises(OutsideServiceError) as caught:
        client.check(settings_for(jira))

    sent = jira.requests[0].headers["authorization"].removeprefix("Basic ")
    assert sent not in str(caught.value)
    assert EMAIL not in sent


def test_configured() -> None:
    """It needs site, email and token."""
    whole = {"url": "https://x.atlassian.net", "email": "a@b.c", "token": "secret"}
    assert client.configured(settings_for(jira=whole))
    for missing in whole:
        part = {name: value for name, value in whole.items() if name != missing}
        assert not client.configured(settings_for(jira=part))


texts = st.text() | st.sampled_from(["\n" * 30, "a\n\n\nb\r\n\r\nc", "\x00", " ", "a\n" * 9_000])


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts, texts, texts)
def test_fields_of_anything(description: str, kind: str, service: str) -> None:
    """Whatever is said outside, the document is valid, and every field fits."""
    incident = an_incident(description=description, type=kind, affected_services=[service])
    fields = client.fields_of(incident, settings_for())

    assert {} == field_problems(fields)
    assert len(json.dumps(fields["description"])) <= DESCRIPTION_LIMIT


def test_lines_of_a_description() -> None:
    """Line ends are hard breaks, empty lines end a paragraph, and no text node is empty."""
    incident = an_incident(description="one\ntwo\n\n\n\nthree\n")

    document = client.fields_of(incident, settings_for())["description"]
    first, second, _facts = document["content"]
    assert [
        {"type": "text", "text": "one"},
        {"type": "hardBreak"},
        {"type": "text", "text": "two"},
    ] == first["content"]
    assert [{"type": "text", "text": "three"}] == second["content"]


@pytest.mark.proves("SPEC-P3-escalation")
def test_a_ticket_gets_into_its_board_or_sprint(jira: Jira) -> None:
    """By the site's own fields; one that the site refuses costs the field and not the ticket."""
    fields = {"customfield_10020": 37, "components": [{"name": "ops"}]}
    settings_given = settings_for(jira, jira={**jira.settings(), "fields": fields})
    client.ensure_ticket(an_incident(), settings_given)
    jira.refused_fields = {"components": "Component name 'ops' is not valid"}
    client.ensure_ticket(an_incident(incident_id=UUID(int=9)), settings_given)
    first, second = (each.fields for each in jira.issues)

    assert fields == {name: first[name] for name in fields}
    assert (37, None) == (second["customfield_10020"], second.get("components"))


@pytest.mark.parametrize("name", ["labels", "summary", "project"])
def test_what_we_set_ourselves_cannot_be_set(name: str) -> None:
    """The ticket would not be found again."""
    with pytest.raises(ValueError, match=name):
        Settings.model_validate({"jira": {"fields": {name: "x"}}})
