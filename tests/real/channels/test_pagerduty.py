"""PagerDuty: a page goes out once, with what the on-call needs, and nothing leaks."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import PermanentError, TemporaryError
from schemas.incident import Severity
from schemas.settings import Settings
from standins.pagerduty import ROUTING_KEY, PagerDuty
from standins.receiver_rules import ReceiverRules, an_incident
from standins.standin import StandIn, settings_for
from tasks.channels.pagerduty import client

KEY = str(an_incident().incident_id)


class TestPagerDutyReceiver(ReceiverRules):
    """What holds for every receiver."""

    name = "PagerDuty"
    setting = "AEEF_PAGERDUTY__ROUTING_KEY"

    @pytest.fixture
    def standin(self, pagerduty: PagerDuty) -> StandIn:
        """PagerDuty."""
        return pagerduty

    def standin_of(self) -> StandIn:
        """PagerDuty, not started."""
        return PagerDuty()

    def act(self, settings: Settings, tries: int = 1) -> object:
        """Page."""
        return client.trigger(an_incident(), settings, tries=tries)


@pytest.mark.proves("SPEC-PAGERDUTY")
def test_page(pagerduty: PagerDuty) -> None:
    """The spec's event, with dedup key, links and details."""
    assert {"dedupKey": KEY} == client.trigger(
        an_incident(), settings_for(pagerduty), details={"commit": "abc"}
    )

    event = pagerduty.alerts[KEY].events[0]
    link = f"http://127.0.0.1:8180/incidents/{KEY}"
    assert "AEEF Runbooks" == event["client"]
    assert [link, f"{link}/run"] == [each["href"] for each in event["links"]]
    payload = dict(event["payload"])
    details = payload.pop("custom_details")
    assert {
        "summary": f"P1 shop {KEY[:8]}: shop 2.1 failed its health checks",
        "timestamp": "2024-11-24T03:04:05+00:00",
        "severity": "critical",
        "source": "aeef-monitoring",
        "component": "governance",
        "group": "shop",
        "class": "deployment-failure",
    } == payload
    assert "must ring" == details["phone"]
    assert "abc" == details["commit"]
    assert "shop 2.1 failed its health checks" == details["description"]


@pytest.mark.proves("SPEC-PAGERDUTY")
@pytest.mark.parametrize(
    ("severity", "word"),
    [
        (Severity.P1, "critical"),
        (Severity.P2, "error"),
        (Severity.P3, "warning"),
        (Severity.P4, "info"),
    ],
)
def test_severity(pagerduty: PagerDuty, severity: Severity, word: str) -> None:
    """The spec's map_severity_to_pd, and only P1 must ring."""
    client.trigger(an_incident(severity), settings_for(pagerduty))

    payload = pagerduty.alerts[KEY].payload
    assert word == payload["severity"]
    assert (severity is Severity.P1) == (payload["custom_details"]["phone"] == "must ring")


def test_life_of_a_page(pagerduty: PagerDuty) -> None:
    """Trigger, acknowledge and resolve are of one alert, and repetitions call nobody again."""
    settings = settings_for(pagerduty)
    for step in (client.trigger, client.trigger, client.acknowledge, client.acknowledge):
        step(an_incident(), settings)
    assert "acknowledged" == pagerduty.alerts[KEY].state
    for _ in range(2):
        client.resolve(an_incident(), settings)

    assert [KEY] == list(pagerduty.alerts)
    assert "resolved" == pagerduty.alerts[KEY].state
    assert 1 == pagerduty.pages


def test_cut_off_page_is_one_page(pagerduty: PagerDuty) -> None:
    """A page that was taken, but not confirmed, is sent again and rings once."""
    pagerduty.accept_then_drop()

    client.trigger(an_incident(), settings_for(pagerduty), tries=2)

    assert 2 == len(pagerduty.requests)
    assert 1 == pagerduty.pages


def test_own_summary(pagerduty: PagerDuty) -> None:
    """The caller can say what it is about; the summary is one line within the limit."""
    client.trigger(an_incident(), settings_for(pagerduty), reason="No\n answer " * 500)

    summary = pagerduty.alerts[KEY].payload["summary"]
    assert summary.startswith(f"P1 shop {KEY[:8]}: No answer No answer")
    assert summary.endswith("[trimmed]")
    assert len(summary) <= 1024


@pytest.mark.parametrize("key", ["", "short", ROUTING_KEY + "x"])
def test_wrong_routing_key(pagerduty: PagerDuty, key: str) -> None:
    """An invalid key is refused before it is sent, and is not shown."""
    section = {**pagerduty.settings(), "routing_key": key}

    with pytest.raises(PermanentError, match="must have 32 characters") as caught:
        client.trigger(an_incident(), settings_for(pagerduty=section))

    assert not key or key not in str(caught.value)
    assert [] == pagerduty.requests


def test_unknown_routing_key(pagerduty: PagerDuty) -> None:
    """PagerDuty's own reason reaches the reader."""
    section = {**pagerduty.settings(), "routing_key": "X" * 32}

    with pytest.raises(PermanentError, match=r"Invalid routing key.*check AEEF_PAGERDUTY"):
        client.trigger(an_incident(), settings_for(pagerduty=section))


def test_another_dedup_key(pagerduty: PagerDuty) -> None:
    """An event that was taken as another's is not a page of ours."""
    pagerduty.lie({"status": "success", "dedup_key": "other"}, status=202)

    with pytest.raises(TemporaryError, match="another dedup key"):
        client.trigger(an_incident(), settings_for(pagerduty), tries=1)


def test_largest_event(pagerduty: PagerDuty) -> None:
    """However much there is to say, the event fits into PagerDuty's 512 KB."""
    incident = an_incident(description="\x01é漢😀" * 5_000)
    for size, count in ((20_000, 3), (100_000, 12), (600_000, 1), (3_000, 400)):
        details = {f"{number:030}": "é\n" * (size // 2) for number in range(count)}
        client.trigger(incident, settings_for(pagerduty), details=details)

    assert 4 == len(pagerduty.alerts[KEY].events)
    assert 1 == pagerduty.pages


def test_any_text(pagerduty: PagerDuty) -> None:
    """No description, service or detail can make an event that PagerDuty refuses."""
    configuration = settings_for(pagerduty)
    text = st.text(max_size=3_000)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(text, text, text, st.text())
    def page(description: str, service: str, summary: str, detail: str) -> None:
        incident = an_incident(description=description, affected_services=[service])
        client.trigger(incident, configuration, reason=summary, details={detail: detail})

    page()

    assert 1 == pagerduty.pages


def test_configured() -> None:
    """A routing key is all it needs."""
    assert not client.configured(settings_for())
    assert client.configured(settings_for(PagerDutySettings()))


def test_check(pagerduty: PagerDuty) -> None:
    """It pages nobody: whatever the service answers, the way there is open; the key may be one."""
    assert f"{pagerduty.url} answers; the key is proven by the first page" == (
        client.check(settings_for(pagerduty))
    )
    assert ["GET"] == [request.method for request in pagerduty.requests]
    pagerduty.drop_connection()
    with pytest.raises(TemporaryError, match="PagerDuty: could not be reached"):
        client.check(settings_for(pagerduty))
    short = settings_for(pagerduty={**pagerduty.settings(), "routing_key": "short"})
    with pytest.raises(PermanentError, match="AEEF_PAGERDUTY__ROUTING_KEY must have 32"):
        client.check(short)
    with pytest.raises(PermanentError, match="AEEF_PAGERDUTY__ROUTING_KEY"):
        client.check(settings_for())


class PagerDutySettings(PagerDuty):
    """PagerDuty, not started: only its settings are used."""

    @property
    def url(self) -> str:
        """A port where nobody listens."""
        return "http://127.0.0.1:9"
