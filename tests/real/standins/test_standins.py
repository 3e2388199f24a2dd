"""The stand-ins check requests as the vendors do, fail on request, and leave nothing behind."""

from __future__ import annotations

import socket
import threading
from typing import Any

import httpx
import pytest

from schemas.settings import Settings
from standins.alertmanager import Alertmanager
from standins.jira import Jira
from standins.pagerduty import ROUTING_KEY, PagerDuty
from standins.slack import Slack
from standins.standin import StandIn

EVENT = {"routing_key": ROUTING_KEY, "event_action": "trigger", "dedup_key": "k"}
PAYLOAD = {"summary": "s", "severity": "info", "source": "x"}
DOCUMENT = {"type": "doc", "version": 1, "content": []}
FIELDS = {
    "project": {"key": "AEEF"},
    "issuetype": {"name": "Bug"},
    "summary": "s",
    "description": DOCUMENT,
}
HEADER = {"type": "header", "text": {"type": "plain_text", "text": "h"}}


def post(standin: StandIn, path: str, body: Any) -> httpx.Response:
    """Post JSON as our clients sign it."""
    credentials = standin.credentials()
    if "email" in credentials:
        return httpx.post(
            standin.url + path, json=body, auth=(credentials["email"], credentials["token"])
        )
    headers = {"Authorization": f"Bearer {credentials.get('token')}"}
    if isinstance(standin, Slack):
        headers["Content-Type"] = "application/json; charset=utf-8"
    return httpx.post(standin.url + path, json=body, headers=headers)


def refuses(standin: StandIn, path: str, body: Any) -> bool:
    """True when the stand-in refused and recorded the request."""
    before = len(standin.violations)
    response = post(standin, path, body)
    refused = response.status_code == 400 or response.json().get("ok") is False
    return refused and len(standin.violations) > before


@pytest.mark.parametrize(
    "change",
    [
        {"payload": None},
        {"payload": {**PAYLOAD, "severity": "P1"}},
        {"payload": {"summary": "s", "severity": "info"}},
        {"payload": {**PAYLOAD, "summary": "x" * 1025}},
        {"payload": {**PAYLOAD, "timestamp": 7}},
        {"routing_key": "short"},
        {"routing_key": None},
        {"event_action": "page"},
        {"event_action": "resolve", "dedup_key": None},
        {"dedup_key": "k" * 256},
        {"links": [{"text": "no href"}]},
        {"client": "x" * 530_000},
    ],
)
def test_pagerduty_judges(change: dict[str, Any]) -> None:
    """An event that PagerDuty refuses is refused."""
    event = {**EVENT, "payload": PAYLOAD, **change}
    with PagerDuty() as standin:
        body = {name: value for name, value in event.items() if value is not None}
        assert refuses(standin, "/v2/enqueue", body)
        assert {} == standin.alerts
        assert 202 == post(standin, "/v2/enqueue", {**EVENT, "payload": PAYLOAD}).status_code


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": "x" * 4_001},
        {"blocks": "[]"},
        {"blocks": [{"type": "section", "text": "a bare string"}]},
        {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
        {"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]},
        {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}]},
        {"blocks": [{"type": "header", "text": "a bare string"}]},
        {"blocks": [{"type": "sektion"}]},
        {"blocks": [HEADER] * 51},
        {"link_names": True},
        {"metadata": {"event_type": "x"}},
        {"chanel": "x"},  # codespell:ignore chanel
        {"channel": None},
    ],
)
def test_slack_judges(change: dict[str, Any]) -> None:
    """A message that Slack refuses is refused."""
    message = {"channel": "#aeef-info", "text": "t", "blocks": [HEADER]}
    with Slack() as standin:
        body = {name: value for name, value in {**message, **change}.items() if value is not None}
        assert refuses(standin, "/chat.postMessage", body)
        assert [] == standin.messages
        assert post(standin, "/chat.postMessage", message).json()["ok"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "a\nb"},
        {"summary": "x" * 256},
        {"summary": None},
        {"project": None},
        {"labels": ["with space"]},
        {"description": "plain text"},
        {"description": {**DOCUMENT, "version": 2}},
        {"description": {**DOCUMENT, "content": [{"type": "paragraf"}]}},
        {
            "description": {
                **DOCUMENT,
                "content": [{"type": "paragraph", "content": [{"type": "text", "text": ""}]}],
            }
        },
    ],
)
def test_jira_judges(change: dict[str, Any]) -> None:
    """A ticket that Jira refuses is refused."""
    with Jira() as standin:
        fields = {name: value for name, value in {**FIELDS, **change}.items() if value is not None}
        assert refuses(standin, "/rest/api/3/issue", {"fields": fields})
        assert [] == standin.issues
        assert 201 == post(standin, "/rest/api/3/issue", {"fields": FIELDS}).status_code


@pytest.mark.parametrize(
    "search", [{"jql": "project = X"}, {"jql": 7}, {"jql": "x", "startAt": 0}, {"maxResults": "1"}]
)
def test_jira_judges_searches(search: dict[str, Any]) -> None:
    """A search with the wrong fields, or one that the stand-in cannot do, is refused."""
    with Jira() as standin:
        assert refuses(standin, "/rest/api/3/search/jql", search)


@pytest.mark.parametrize("standin", [PagerDuty(), Slack(), Jira(), Alertmanager()])
def test_environment(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of `env` point our programs, also other processes, at the stand-in."""
    with standin:
        for name, value in standin.env().items():
            monkeypatch.setenv(name, value)
        settings = Settings()

        section = getattr(settings, standin.section)
        assert standin.url == section.url
        secret = getattr(section, "token", None) or section.routing_key
        assert secret.get_secret_value() in standin.credentials().values()


def test_faults_come_in_turn_and_by_path() -> None:
    """Each fault happens as often as was asked, where it was asked, and then it works again."""
    with Alertmanager() as standin:
        standin.fail_with(503, times=2, path="/alerts")
        standin.fail_with(429, times=1)

        def get(path: str) -> int:
            headers = {"Authorization": f"Bearer {standin.credentials()['token']}"}
            return httpx.get(f"{standin.url}/api/v2/{path}", headers=headers).status_code

        assert [429, 503, 503, 200] == [get("status"), *(get("alerts") for _ in range(3))]
        standin.fail_with(500, times=None)
        assert [500, 500] == [get("status"), get("status")]
        standin.recover()
        assert 200 == get("status")


def test_accepted_but_cut() -> None:
    """The work is done, and the client does not know."""
    with PagerDuty() as standin:
        standin.accept_then_drop()
        with pytest.raises(httpx.RemoteProtocolError):
            post(standin, "/v2/enqueue", {**EVENT, "payload": PAYLOAD})

        assert ["k"] == list(standin.alerts)


def test_nothing_is_left() -> None:
    """After a stand-in ends, also amid a stalled request, its threads and its port are gone."""
    before = set(threading.enumerate())
    with Slack() as standin:
        standin.stall()
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{standin.url}/auth.test", timeout=0.05)
        port = int(standin.origin.rpartition(":")[2])

    assert before == set(threading.enumerate())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
