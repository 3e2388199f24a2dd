"""Pages of somebody else change nothing at the intake, and no frame shows ours."""

from __future__ import annotations

import pytest

from fixtures.intake import Intake

ALERT = {"type": "deployment-failure", "severity": "P1", "service": "shop"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
        # A name of somebody else that leads to this machine: for the browser it is the same site.
        {
            "Origin": "http://evil.example:8180",
            "Host": "evil.example:8180",
            "Sec-Fetch-Site": "same-origin",
        },
    ],
)
@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/alertmanager", "/v1/findings?service=shop"])
def test_a_page_of_another_origin_reports_nothing(
    empty_intake: Intake, path: str, headers: dict[str, str]
) -> None:
    """A browser may add the login by itself."""
    answer = empty_intake.ask("POST", path, json=ALERT, headers=headers)

    assert 403 == answer.status_code
    assert "AEEF_PUBLIC_URL" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["aeef.internal:8180", "evil.example"])
def test_a_sender_that_is_no_browser_may_use_any_name(empty_intake: Intake, host: str) -> None:
    """It has the token, and says nothing of a page: only its alert is judged."""
    answer = empty_intake.ask("POST", "/v1/alerts", json={}, headers={"Host": host})

    assert 422 == answer.status_code


def test_our_own_page_may_ask(empty_intake: Intake) -> None:
    """By any address of this machine."""
    port = empty_intake.settings.intake.port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"192.168.0.7:{port}"):
        headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert 422 == empty_intake.ask("POST", "/v1/alerts", json={}, headers=headers).status_code


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "x"])
@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/alertmanager"])
def test_an_alert_is_json_or_says_nothing(empty_intake: Intake, path: str, media_type: str) -> None:
    """A page of any site may let a browser send a form or plain text."""
    headers = {"Content-Type": media_type}

    answer = empty_intake.ask("POST", path, content=b"{}", headers=headers)

    assert 415 == answer.status_code
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "application/cloudevents+json", ""]
)
def test_every_kind_of_json_is_read(empty_intake: Intake, media_type: str) -> None:
    """The alert is judged: it is empty."""
    headers = {"Content-Type": media_type} if media_type else {}

    answer = empty_intake.ask("POST", "/v1/alerts", content=b"{}", headers=headers)

    assert 422 == answer.status_code


@pytest.mark.parametrize("path", ["/incidents", "/health", "/incidents/0000", "/nothing"])
def test_no_frame_shows_our_pages(empty_intake: Intake, path: str) -> None:
    """Else a page of somebody else could put its own over our buttons."""
    answer = empty_intake.ask("GET", path, headers={"Accept": "text/html"})

    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "DENY" == answer.headers["x-frame-options"]
    assert "nosniff" == answer.headers["x-content-type-options"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc"])
def test_the_description_of_the_interface_is_shut(empty_intake: Intake, path: str) -> None:
    """It needs no login where there is one."""
    assert 404 == empty_intake.client.get(path).status_code
