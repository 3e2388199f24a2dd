"""Checking whether a release is healthy, with a real HTTP server."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.errors import TargetError
from schemas.settings import Health, Target
from standins.health_address import serving
from support import free_port
from tasks.deploy.check_health import unhealthy_because, wait_until_healthy


def _target(path: Path, health: Health) -> Target:
    return Target(
        name="shop",
        repository=path,
        deploy_command=("true",),
        health=health,
        required_gates=("tests",),
    )


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, "", None),
        (200, '{"status": "ok"}', None),
        (200, '{"status": "degraded"}', "answered 200 with status 'degraded'"),
        (200, "Unhealthy", "answered 200 with 'Unhealthy'"),
        (200, "x" * 1_000_001, "answered more than 1,000,000 bytes"),
        (204, "", "answered HTTP 204"),
        (302, "", "answered HTTP 302, a redirect, which is not followed"),
        (404, "", "answered HTTP 404"),
        (503, '{"status": "ok"}', "answered HTTP 503"),
    ],
)
def test_every_kind_of_answer(tmp_path: Path, status: int, body: str, problem: str | None) -> None:
    """Only 200 is good, and only with a good status if there is one; redirects are not good."""
    with serving((status, body)) as (url, asked):
        said = unhealthy_because(_target(tmp_path, Health(url=url)))

    assert (said is None) == (problem is None)
    assert problem is None or problem in str(said)
    assert asked == ["/health"]


def test_a_closed_port_is_told_without_the_password(tmp_path: Path) -> None:
    """The line names the address, but neither the user nor the query."""
    url = f"http://me:s3cret@127.0.0.1:{free_port()}/health?token=s3cret"

    said = unhealthy_because(_target(tmp_path, Health(url=url)))

    assert said is not None
    assert "/health cannot be reached" in said
    assert "s3cret" not in said


def test_the_log_has_no_query(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A token in the address stays there."""
    caplog.set_level(logging.DEBUG)
    with serving((200, "")) as (url, _):
        assert unhealthy_because(_target(tmp_path, Health(url=f"{url}?token=s3cret"))) is None

    assert "HTTP Request" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_proxy_is_not_asked_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY does not stand between us and 127.0.0.1."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with serving((200, "")) as (url, _):
        assert unhealthy_because(_target(tmp_path, Health(url=url))) is None


def test_good_answers_must_come_in_a_row(tmp_path: Path) -> None:
    """One bad answer in between starts the count again."""
    good, bad = (200, ""), (503, "")
    with serving(good, good, bad, good, good, good) as (url, asked):
        health = Health(url=url, successes=3, interval=0.01, settle=0, deadline=10)
        lines: list[str] = []

        took = wait_until_healthy(_target(tmp_path, health), report=lines.append)

    assert len(asked) == 6
    assert 0 < took < 10
    assert lines[0].endswith("answered HTTP 503")
    assert "3 good answers in a row" in lines[1]
    assert "its processes were not looked at" in lines[1]


def test_the_deadline_tells_the_last_bad_answer(tmp_path: Path) -> None:
    """When it never gets healthy, the error has its last answer."""
    with serving((503, "")) as (url, _):
        health = Health(url=url, successes=1, interval=0.01, deadline=1)
        with pytest.raises(TargetError, match=r"^not 1 good .* 1 s.* HTTP 503") as caught:
            wait_until_healthy(_target(tmp_path, health))

    assert "health" == caught.value.stage


def test_a_command_is_good_when_it_ends_with_0(tmp_path: Path) -> None:
    """Its output is in the error when it fails."""
    good = _target(tmp_path, Health(command=("true",)))
    bad = _target(tmp_path, Health(command=("sh", "-c", "echo queue is full >&2; exit 4")))
    hanging = _target(tmp_path, Health(command=("sleep", "1000"), timeout=0.1))
    ignores = "trap '' TERM; sleep 1000 & while true; do sleep 1; done"
    deaf = _target(tmp_path, Health(command=("sh", "-c", ignores), timeout=0.1))
    missing = _target(tmp_path, Health(command=("./not-there",)))

    assert unhealthy_because(good) is None
    assert "exit code 4\nqueue is full" in str(unhealthy_because(bad))
    assert "did not finish within 0.1 s" in str(unhealthy_because(hanging))
    assert "did not finish within 0.1 s" in str(unhealthy_because(deaf))
    assert "'./not-there' cannot be run: No such file" in str(unhealthy_because(missing))


def test_settings_that_can_never_succeed_are_refused() -> None:
    """Ten looks a second apart do not fit into five seconds."""
    with pytest.raises(ValidationError, match="do not fit into the deadline of 5 s"):
        Health(command=("true",), successes=10, interval=1, deadline=5)
