"""The HTTP client: what is retried, what an error says, and what it must never say.

The statuses, and what every client does with them, are in `receiver_rules.py`.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import prometheus_client
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import OutsideServiceError, PermanentError, TemporaryError
from schemas.links import links_for
from schemas.settings import Settings
from standins.receiver_rules import an_incident
from standins.server import Received, Reply
from standins.standin import StandIn, settings_for
from tasks.base.http import LARGEST_ANSWER, LONGEST_REASON, Answer, Service, Unclear, send
from tasks.base.http_answers import (
    LONGEST_RETRY_AFTER,
    reason_in,
    retry_after_seconds,
    without_secrets,
)
from tasks.base.redact import HIDDEN

SERVICE = Service("Echo", "AEEF_ECHO__URL")
SECRET = "s3cret-with/signs+&"


class Echo(StandIn):
    """A service that answers `ok`."""

    section = "alertmanager"

    def credentials(self) -> dict[str, str]:
        """A token."""
        return {"token": SECRET}

    def answer(self, _request: Received) -> Reply:
        """Always the same."""
        return Reply(200, b"ok")


@pytest.fixture
def echo() -> Iterator[Echo]:
    """A running service."""
    with Echo() as standin:
        yield standin


def call(settings: Settings, *, path: str = "/", tries: int = 1, repeatable: bool = True) -> str:
    """Call the service; anything but `ok` breaks its promise."""

    def build(client: httpx.Client) -> httpx.Request:
        secret = settings.alertmanager.token
        token = secret.get_secret_value() if secret else ""
        url = f"{settings.alertmanager.url}{path}"
        return client.build_request("GET", url, headers={"Authorization": f"Bearer {token}"})

    def read(answer: Answer) -> str:
        if answer.text != "ok":
            raise ValueError(answer.text)
        return answer.text

    return send(
        SERVICE, build, settings, doing="call", read=read, tries=tries, repeatable=repeatable
    )


def failure(settings: Settings, *, path: str = "/", tries: int = 1) -> OutsideServiceError:
    """The error of a call."""
    with pytest.raises(OutsideServiceError) as caught:
        call(settings, path=path, tries=tries)
    return caught.value


def test_it_works(echo: Echo) -> None:
    """A request that is answered as promised returns what was read."""
    assert "ok" == call(settings_for(echo))


def test_error_says_what_and_where(echo: Echo) -> None:
    """An error names service, aim, address without query, status, reason and remedy."""
    echo.fail_with(403, body={"message": "not you"})

    error = failure(settings_for(echo), path="/x?token=abc#y")

    assert (
        f"Echo: could not call: GET {echo.url}/x answered 403: not you; check AEEF_ECHO__URL"
    ) == str(error)


def test_redirects_are_not_followed(echo: Echo) -> None:
    """A redirect could carry our token to another host: it is an error."""
    echo.fail_with(307, headers={"Location": f"{echo.url}/elsewhere"})

    assert isinstance(failure(settings_for(echo)), PermanentError)
    assert 1 == len(echo.requests)


def test_quick_retries_are_bounded_in_time(echo: Echo) -> None:
    """A service that stalls is not waited for three times: tries begin within one timeout."""
    echo.stall(times=None)

    error = failure(settings_for(echo, retry={"request_timeout": 0.1}), tries=3)
    echo.release()

    assert Unclear is type(error)
    assert 1 == len(echo.requests)


def test_slow_pieces(echo: Echo) -> None:
    """An answer is limited in time as a whole, however often a piece arrives."""

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b" "

    def build(client: httpx.Client) -> httpx.Request:
        return client.build_request("GET", "http://drip.example/")

    transport = httpx.MockTransport(lambda _request: httpx.Response(200, stream=Drip()))
    with pytest.MonkeyPatch.context() as patch:
        original = httpx.Client
        patch.setattr(
            httpx, "Client", lambda **kwargs: original(**{**kwargs, "transport": transport})
        )
        with pytest.raises(Unclear, match=r"no full answer within 0.05 s"):
            send(
                SERVICE,
                build,
                settings_for(echo, retry={"request_timeout": 0.05}),
                doing="call",
                read=lambda answer: answer.text,
                tries=1,
            )


@pytest.mark.parametrize("compressed", [b"not gzip", gzip.compress(b" " * (LARGEST_ANSWER + 1))])
def test_unreadable_answers(echo: Echo, compressed: bytes) -> None:
    """What cannot be decoded, or grows without end, is an error and not an accident."""
    echo.fail_with(200, headers={"Content-Encoding": "gzip"}, body=compressed)

    error = failure(settings_for(echo))

    assert Unclear is type(error)
    assert "cannot be read" in str(error)


def test_not_repeatable(echo: Echo) -> None:
    """What must not happen twice is tried again only when it surely did not happen."""
    settings = settings_for(echo)
    with stamina.set_testing(True, attempts=9, cap=True):
        echo.fail_with(503)
        with pytest.raises(Unclear):
            call(settings, tries=3, repeatable=False)
        assert 1 == len(echo.requests)
        echo.rate_limit(0)
        assert "ok" == call(settings, tries=3, repeatable=False)


@pytest.mark.parametrize(
    "token", ["line\nbreak-token", "höchst-geheim", "\u2018quoted-token\u2019"]
)
def test_token_that_http_does_not_allow(echo: Echo, token: str) -> None:
    """A token pasted with a line end or quotes is reported, but not shown, nor in the chain."""
    section = {**echo.settings(), "token": token}

    error = failure(settings_for(alertmanager=section))

    assert isinstance(error, PermanentError)
    assert error.__context__ is None
    assert token not in str(error)
    assert "AEEF_ECHO__URL" in str(error)


def test_half_a_secret_is_a_secret(echo: Echo) -> None:
    """Wherever the reason is cut, no part of a secret remains."""
    settings = settings_for(echo)
    for before in range(LONGEST_REASON - len(SECRET) - 20, LONGEST_REASON + 1):
        echo.fail_with(400, body=b"x" * before + SECRET.encode() + b"y" * 50)
        assert SECRET[:4] not in str(failure(settings))


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.upper(),
        "s3cret-with%2Fsigns%2B%26",
        "czNjcmV0LXdpdGgvc2lnbnMrJg==",
    ],
)
def test_forms_of_a_secret(form: str) -> None:
    """A secret is hidden as it is, in a URL, in base64, and in another case."""
    settings = settings_for(alertmanager={"url": "http://a", "token": SECRET})

    assert f"a {HIDDEN} b" == without_secrets(f"a {form} b", settings)


def test_every_secret_setting() -> None:
    """Secrets of services that we did not call are hidden too."""
    settings = settings_for(
        database_url="postgresql://aeef:db-password@db/aeef", intake={"token": "intake-token"}
    )

    assert f"{HIDDEN} {HIDDEN}" == without_secrets("db-password intake-token", settings)


@given(st.text(alphabet="09AZaz+/=-_%&éß漢", min_size=4), st.text(), st.text())
def test_no_text_keeps_a_secret(secret: str, before: str, after: str) -> None:
    """Whatever surrounds it, a secret is not in the text any longer."""
    text = without_secrets(before + secret + after, settings_for(slack={"token": secret}))

    assert secret not in text


def test_userinfo_is_used_and_hidden(echo: Echo) -> None:
    """`user:password@` in an address signs the request in, and is in no error."""
    url = echo.url.replace("://", "://someone:hunter2secret@")
    echo.echo(400)

    error = failure(settings_for(alertmanager={"url": url}))

    assert "hunter2secret" not in str(error)
    assert "someone@" not in str(error)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("-1", None),
        ("soon", None),
        ("1e9", None),
        ("nan", None),
        ("٣", None),
        ("999999", LONGEST_RETRY_AFTER),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    """Seconds and HTTP dates are understood, capped, and never negative."""
    assert seconds == retry_after_seconds(value)


def test_retry_after_date() -> None:
    """A date in the future is so many seconds away."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    assert retry_after_seconds(soon) == pytest.approx(90, abs=5)


@given(st.text())
def test_retry_after_of_anything(value: str) -> None:
    """No header makes it fail."""
    seconds = retry_after_seconds(value)

    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("plain\n  words", "plain words"),
        ('"a JSON string"', "a JSON string"),
        ('{"message": "m", "errors": ["a", "b"]}', "m; a, b"),
        ('{"errorMessages": [], "errors": {"project": "is required"}}', "project: is required"),
        ('{"ok": false, "error": "missing_scope", "needed": "x:y"}', "missing_scope; x:y"),
        ('{"other": 1}', '{"other": 1}'),
        ("[" * 50_000, "[" * 50_000),
    ],
)
def test_reason(text: str, reason: str) -> None:
    """The reason is where each vendor puts it."""
    assert reason == reason_in(text)


def test_retries_register_no_metric(echo: Echo) -> None:
    """Stamina's own counter does not appear among our metrics."""
    echo.rate_limit(0)

    call(settings_for(echo), tries=2)

    assert b"stamina" not in prometheus_client.generate_latest()


def test_errors_are_temporary_or_permanent() -> None:
    """Unclear is a kind of temporary: whoever may repeat does so."""
    assert issubclass(Unclear, TemporaryError)


def test_links() -> None:
    """Both addresses of an incident, below the public one."""
    links = links_for(an_incident(), settings_for(public_url="https://aeef.example/ops/"))

    incident_id = an_incident().incident_id
    assert f"https://aeef.example/ops/incidents/{incident_id}" == links.incident
    assert f"https://aeef.example/ops/incidents/{incident_id}/run" == links.run
