"""Alertmanager: our alert stays up while the incident is open, ends with it, and never comes back.

Against the stand-in, and against the real one.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import PermanentError
from schemas.incident import Severity
from schemas.settings import Settings
from standins.alertmanager import Alertmanager
from standins.receiver_rules import LIES, ReceiverRules, an_incident
from standins.standin import StandIn, settings_for
from support import free_port, not_available
from tasks.channels.alertmanager import client


class TestAlertmanagerReceiver(ReceiverRules):
    """What holds for every receiver."""

    name = "Alertmanager"
    setting = "AEEF_ALERTMANAGER__URL"
    # It promises nothing but success: no body, or any JSON object.
    lies = tuple(lie for lie in LIES if lie != b"" and not isinstance(lie, dict))

    @pytest.fixture
    def standin(self, alertmanager_standin: Alertmanager) -> StandIn:
        """Alertmanager."""
        return alertmanager_standin

    def standin_of(self) -> StandIn:
        """Alertmanager, not started."""
        return Alertmanager()

    def act(self, settings: Settings, tries: int = 1) -> object:
        """Raise the alert and ask for the status, which promises more."""
        client.firing(an_incident(), settings, tries=tries)
        return client.check(settings, tries=tries)


def test_alert(alertmanager_standin: Alertmanager) -> None:
    """The alert has what routes need in labels and what people need in annotations."""
    before = datetime.now(UTC)

    client.firing(an_incident(), settings_for(alertmanager_standin))

    (alert,) = alertmanager_standin.requests[0].json
    link = f"http://127.0.0.1:8180/incidents/{an_incident().incident_id}"
    assert {
        "alertname": "AEEFIncident",
        "severity": "P1",
        "type": "deployment-failure",
        "service": "shop",
        "aeef_incident_id": str(an_incident().incident_id),
    } == alert["labels"]
    assert {
        "summary": f"P1 shop {an_incident().short_id}: shop 2.1 failed its health checks",
        "description": "shop 2.1 failed its health checks",
        "incident": link,
        "run": f"{link}/run",
    } == alert["annotations"]
    assert link == alert["generatorURL"]
    assert "2024-11-24T03:04:05+00:00" == alert["startsAt"]
    ends = datetime.fromisoformat(alert["endsAt"])
    assert before + client.HOLDS_FOR <= ends <= datetime.now(UTC) + client.HOLDS_FOR


def test_repetition_is_the_same_alert(alertmanager_standin: Alertmanager) -> None:
    """Sending again keeps one alert alive; without that it expires."""
    for _ in range(3):
        client.firing(an_incident(), settings_for(alertmanager_standin))

    assert 1 == len(alertmanager_standin.firing)
    alertmanager_standin.later = client.HOLDS_FOR + timedelta(seconds=1)
    assert [] == alertmanager_standin.firing


def test_higher_severity_is_a_new_alert(alertmanager_standin: Alertmanager) -> None:
    """A rise notifies at once by a new alert, and the old one can be ended as it was."""
    settings = settings_for(alertmanager_standin)
    client.firing(an_incident(Severity.P2), settings)
    client.firing(an_incident(Severity.P1), settings)
    client.resolve(an_incident(Severity.P2), settings)

    assert ["P1"] == [alert["labels"]["severity"] for alert in alertmanager_standin.firing]


def test_clock_ahead(alertmanager_standin: Alertmanager) -> None:
    """A sender whose clock is ahead does not make an alert that ends before it starts."""
    future = datetime.now(UTC) + timedelta(hours=2)

    client.resolve(an_incident(detected_at=future), settings_for(alertmanager_standin))

    assert [] == alertmanager_standin.firing


def test_token_is_optional() -> None:
    """Without a token no authorization is sent."""

    class Open(Alertmanager):
        def answer(self, request: Any) -> Any:
            assert "authorization" not in request.headers
            request.headers["authorization"] = f"Bearer {self.credentials()['token']}"
            return super().answer(request)

    with Open() as standin:
        settings = settings_for(alertmanager={"url": standin.url})
        assert client.configured(settings)
        assert "Alertmanager 0.25.0" == client.check(settings)
    assert [] == standin.violations


def test_wrong_token(alertmanager_standin: Alertmanager) -> None:
    """A refused token is named by its setting."""
    section = {**alertmanager_standin.settings(), "token": "wrong-token"}

    with pytest.raises(PermanentError, match=r"401.*AEEF_ALERTMANAGER__TOKEN"):
        client.check(settings_for(alertmanager=section))


def test_any_text(alertmanager_standin: Alertmanager) -> None:
    """No description, type or service can make an alert that Alertmanager refuses."""
    configuration = settings_for(alertmanager_standin)

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=1_000), st.text(), st.text())
    def fire(description: str, kind: str, service: str) -> None:
        client.firing(
            an_incident(description=description, type=kind, affected_services=[service]),
            configuration,
        )

    fire()

    assert alertmanager_standin.firing


def test_our_own() -> None:
    """Our alerts are known when they come back in, and no others."""
    assert client.is_our_own(client.labels_of(an_incident()))
    assert not client.is_our_own({"alertname": "AEEFIncident"})
    assert not client.is_our_own({})


class Real:
    """Debian's Alertmanager on the loopback."""

    def __init__(self, url: str) -> None:
        self.url = url

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that it holds to be firing."""
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/api/v2/alerts").json()
        return found


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """The real Alertmanager, with a configuration that notifies nobody."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        not_available("Alertmanager is not installed: apt-get install prometheus-alertmanager")
    home = tmp_path_factory.mktemp("alertmanager")
    config = home / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with (home / "log").open("wb") as log:
        url = f"http://127.0.0.1:{free_port()}"
        process = subprocess.Popen(
            _command(Path(program), config, home, url), stdout=log, stderr=log
        )
        try:
            for attempt in stamina.retry_context(
                on=httpx.HTTPError, attempts=None, timeout=120, wait_initial=0.05, wait_max=0.2
            ):
                with attempt:
                    httpx.get(f"{url}/-/ready").raise_for_status()
            yield Real(url)
        finally:
            process.terminate()
            process.wait(60)


def _command(program: Path, config: Path, home: Path, url: str) -> list[str]:
    return [
        str(program),
        f"--config.file={config}",
        f"--storage.path={home}",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--cluster.listen-address=",
    ]


def test_real_alertmanager(real: Real) -> None:
    """The real Alertmanager shows our alert while it fires, once, and no longer once resolved."""
    settings = settings_for(alertmanager={"url": real.url})
    incident = an_incident(description="<b>\x00& 😀\n" * 2_000)
    assert client.check(settings).startswith("Alertmanager ")
    for _ in range(2):
        client.firing(incident, settings)

    (alert,) = real.alerts()
    assert client.labels_of(incident) == alert["labels"]
    assert "active" == alert["status"]["state"]

    client.resolve(incident, settings)

    assert [] == real.alerts()


def test_stand_in_agrees_with_the_real_one(real: Real, alertmanager_standin: Alertmanager) -> None:
    """What the real one refuses, the stand-in refuses too, and the other way round."""
    now = datetime.now(UTC)
    fine = {"labels": {"alertname": "x"}, "endsAt": now.isoformat()}
    posts: list[Any] = [
        [fine],
        [],
        {},
        [{}],
        [{"labels": {}}],
        [{"labels": {"alertname": ""}}],
        [{"labels": {"bad-name": "x"}}],
        [{"labels": {"alertname": 1}}],
        [{**fine, "annotations": {"bad-name": "x"}}],
        [{**fine, "startsAt": (now + timedelta(hours=1)).isoformat()}],
        [{**fine, "startsAt": "yesterday"}],
    ]

    def statuses(url: str, headers: dict[str, str]) -> list[int]:
        address = f"{url}/api/v2/alerts"
        return [httpx.post(address, json=p, headers=headers).status_code // 100 for p in posts]

    token = alertmanager_standin.credentials()["token"]
    authorized = {"Authorization": f"Bearer {token}"}
    assert statuses(real.url, {}) == statuses(alertmanager_standin.url, authorized)
    alertmanager_standin.violations.clear()
