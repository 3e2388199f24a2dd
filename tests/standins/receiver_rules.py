"""What every client of an outside service must do, tested once: each receiver's tests inherit it.

As in Alertmanager's notify package: every HTTP status says whether to retry, and nothing that
can be read afterwards holds a secret.
"""

from __future__ import annotations

import logging
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest
import stamina

from schemas.errors import OutsideServiceError, PermanentError, TemporaryError
from schemas.incident import Incident, Severity
from schemas.settings import Settings
from standins.standin import StandIn, settings_for
from tasks.base.http import Unclear

SURELY_NOT_DONE = (425, 429)
UNCLEAR = (408, *range(500, 512), 520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 598, 599)
PERMANENT = (
    *(300, 301, 302, 303, 304, 305, 307, 308),
    *(400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418),
    *(421, 422, 423, 424, 426, 428, 431, 451, 498, 499),
)
LIES: tuple[Any, ...] = (
    b"",
    b"<html>Please sign in</html>",
    b"null",
    b"[]",
    b'"ok"',
    {},
    {"ok": "perhaps", "status": "queued"},
    b'{"ok": true, "status": "success"',
    b"\xff\xfe\x00",
    b"[" * 50_000,
)


def an_incident(severity: Severity = Severity.P1, **changes: Any) -> Incident:
    """An incident like many."""
    data = {
        "incident_id": UUID("6deb8e91-1635-4b5c-afb6-407013d83f2a"),
        "severity": severity,
        "type": "deployment-failure",
        "description": "shop 2.1 failed its health checks",
        "detected_at": datetime(2024, 11, 24, 3, 4, 5, tzinfo=UTC),
        "affected_services": ["shop"],
    }
    return Incident.model_validate({**data, **changes})


def everything_said(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    """All that a log, a record or an error tracker could show: text, chain, locals, log lines."""
    said = [caplog.text, *(repr(record.__dict__) for record in caplog.records)]
    chain: list[BaseException | None] = [error]
    seen: set[int] = set()
    while chain:
        link = chain.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        shown = traceback.TracebackException.from_exception(link, capture_locals=True)
        frames = [frame for frame in shown.stack if "/tests/" not in frame.filename]
        said += [str(link), repr(link), repr(vars(link)), *map(repr, link.args)]
        said += [repr((frame.name, frame.locals)) for frame in frames]
        chain += [link.__cause__, link.__context__]
    return "\n".join(said)


class ReceiverRules(ABC):
    """Subclass it as `Test…`, with a `standin` fixture and `act`."""

    name: ClassVar[str]
    setting: ClassVar[str]
    """A setting that errors name as the one to check."""
    lies: ClassVar[tuple[Any, ...]] = LIES

    @abstractmethod
    def act(self, settings: Settings, tries: int = 1) -> object:
        """Do the receiver's most important work."""

    @pytest.fixture(autouse=True)
    def _no_waits(self) -> Iterator[None]:
        with stamina.set_testing(True, attempts=100, cap=True):
            yield

    def fails(self, standin: StandIn, tries: int = 1, **sections: Any) -> OutsideServiceError:
        """The error with which `act` fails."""
        with pytest.raises(OutsideServiceError) as caught:
            self.act(settings_for(standin, **sections), tries)
        return caught.value

    @pytest.mark.parametrize("status", UNCLEAR)
    def test_temporary_status(self, standin: StandIn, status: int) -> None:
        """The service's own errors are retried, but the work may have been done."""
        standin.fail_with(status)

        error = self.fails(standin)

        assert Unclear is type(error)
        assert status == error.status
        assert f"{self.name}: could not " in str(error)
        assert f"answered {status}" in str(error)

    @pytest.mark.parametrize("status", SURELY_NOT_DONE)
    def test_not_now_status(self, standin: StandIn, status: int) -> None:
        """A service that was too busy to begin did nothing."""
        standin.fail_with(status)

        assert TemporaryError is type(self.fails(standin))

    @pytest.mark.parametrize("status", PERMANENT)
    def test_permanent_status(self, standin: StandIn, status: int) -> None:
        """What a retry cannot help is tried once, and the error names the settings."""
        standin.fail_with(status)

        error = self.fails(standin, tries=3)

        assert isinstance(error, PermanentError)
        assert status == error.status
        assert self.setting in str(error)
        assert 1 == len(standin.requests)

    def test_quick_retry(self, standin: StandIn) -> None:
        """A short rate limit is waited for, and the work is done."""
        standin.rate_limit(1, times=2)

        self.act(settings_for(standin), tries=3)

        assert len(standin.requests) >= 3

    def test_tries_are_counted(self, standin: StandIn) -> None:
        """No more attempts than configured."""
        standin.rate_limit(0, times=None)

        self.fails(standin, tries=3)

        assert 3 == len(standin.requests)

    @pytest.mark.parametrize("status", [429, 503])
    def test_long_retry_after_travels(self, standin: StandIn, status: int) -> None:
        """A long `Retry-After` is not waited for here, but passed to the caller."""
        standin.fail_with(status, headers={"Retry-After": "120"}, times=None)

        error = self.fails(standin, tries=3)

        assert isinstance(error, TemporaryError)
        assert 120 == error.retry_after
        assert 1 == len(standin.requests)

    def test_vendors_reason(self, standin: StandIn) -> None:
        """The service's own words are in the error, shortened."""
        standin.fail_with(418, body={"message": "Teapot " * 200, "errors": ["short", "stout"]})

        text = str(self.fails(standin))

        assert "Teapot Teapot" in text
        assert "[trimmed]" in text
        assert len(text) < 700

    def test_stall(self, standin: StandIn) -> None:
        """A service that does not answer in time may have done the work."""
        standin.stall()

        error = self.fails(standin, retry={"request_timeout": 0.1})
        standin.release()

        assert Unclear is type(error)
        assert "within 0.1 s" in str(error)

    def test_cut_connection(self, standin: StandIn) -> None:
        """A broken connection is retried, but the work may have been done."""
        standin.drop_connection()

        assert Unclear is type(self.fails(standin))

    def test_nobody_there(self) -> None:
        """Without a connection nothing can have been done."""
        with type(self.standin_of())() as gone:
            settings = settings_for(gone)

        with pytest.raises(TemporaryError) as caught:
            self.act(settings)

        assert TemporaryError is type(caught.value)
        assert "got no connection" in str(caught.value)

    @abstractmethod
    def standin_of(self) -> StandIn:
        """A stand-in that is not started."""

    @pytest.mark.parametrize("number", range(len(LIES)))
    def test_lies(self, standin: StandIn, number: int) -> None:
        """A success that is not what the API promises is no success."""
        if number >= len(self.lies):
            return
        standin.lie(self.lies[number])

        error = self.fails(standin)

        assert isinstance(error, TemporaryError)
        assert "not what its API promises" in str(error)

    @pytest.mark.parametrize("status", [200, 201, 202, 302, 400, 401, 403, 429, 500, 503])
    def test_leaks_no_secret_that_the_service_sends_back(
        self, standin: StandIn, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A service that echoes our secrets does not get them into errors, chains or logs."""
        caplog.set_level(logging.DEBUG)
        standin.echo(status, times=None)
        settings = settings_for(standin)

        with pytest.raises(OutsideServiceError) as caught:
            self.act(settings, tries=2)

        said = everything_said(caught.value, caplog)
        for secret in self.secrets(standin):
            assert secret not in said
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    def test_leaks_no_secret_when_it_works(
        self, standin: StandIn, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Success is logged without secrets, also those in the URL."""
        caplog.set_level(logging.DEBUG)
        url = standin.url.replace("://", "://someone:hunter2secret@")

        self.act(settings_for(standin, **{standin.section: {**standin.settings(), "url": url}}))

        assert "HTTP Request" in caplog.text
        assert "hunter2secret" not in caplog.text
        assert not any(secret in caplog.text for secret in self.secrets(standin))

    def test_not_configured(self) -> None:
        """An unconfigured client refuses at once, and says what to set."""
        with pytest.raises(PermanentError, match=self.setting):
            self.act(settings_for())

    @pytest.mark.parametrize(
        "url", ["example.com", "ftp://example.com", "http://a:b", "", "http://"]
    )
    def test_bad_address(self, standin: StandIn, url: str) -> None:
        """An address that cannot be one is the configuration's fault, and said so."""
        settings = settings_for(**{standin.section: {**standin.settings(), "url": url}})

        with pytest.raises(PermanentError, match=f"{self.name}: could not .*check AEEF_"):
            self.act(settings)

    def secrets(self, standin: StandIn) -> list[str]:
        """The secrets that must not be visible anywhere."""
        return [standin.credentials().get("token") or standin.credentials()["routing_key"]]
