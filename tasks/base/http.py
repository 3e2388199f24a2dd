"""HTTP for all our clients: one exchange, its answer classified, with a few quick retries.

This module and the client's `read` decide what is worth trying again; long waits are the
caller's (`tasks/step.py`). An error's text, chain and traceback frames contain no secret, even
when the service sends one back.
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import httpx
import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from schemas.errors import OutsideServiceError, PermanentError, TemporaryError
from schemas.settings import Settings
from tasks.base.http_answers import reason_in, retry_after_seconds, without_secrets
from tasks.base.network.connections import client_for
from tasks.base.network.deadline import deadline, seconds_left
from tasks.base.trim import trim

T = TypeVar("T")

TRY_AGAIN = frozenset({408, 425, 429})
"""Besides 5xx: https://www.rfc-editor.org/rfc/rfc9110#status.408, rfc8470 (425), rfc6585 (429)."""
NOTHING_WAS_DONE = frozenset({425, 429})
"""Statuses that mean the service has not started on the request."""
FIRST_WAIT = 0.2
LONGEST_WAIT = 2.0
"""Seconds. A longer `Retry-After` is not waited for here but passed to the caller."""
LONGEST_REASON = 300
"""How many characters of a service's own message an error has."""
LARGEST_ANSWER = 10_000_000
"""Maximum bytes of an answer; a page of Slack's history is well under one million."""
CODINGS = frozenset({"", "identity", "gzip", "deflate"})
"""One of these: gzip in gzip, or a denser coding, makes gigabytes of one piece."""

_log = logging.getLogger(__name__)
# httpcore logs the answer's headers at DEBUG, and a service may echo what we sent.
logging.getLogger("httpcore").setLevel(logging.INFO)


class Service(NamedTuple):
    """An outside service: its display name, and the settings to check."""

    name: str
    settings: str

    def not_configured(self) -> PermanentError:
        """The error when a client is called without being configured."""
        return PermanentError(self.name, f"not configured: set {self.settings}")


class Unclear(TemporaryError):
    """It failed, but may have been carried out: check before doing it again."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. Even `repr` hides its text, which may contain our secrets."""

    status: int
    text: str = field(repr=False)
    retry_after: float | None
    date: str
    _fail: Callable[..., OutsideServiceError] = field(repr=False)
    content: bytes = field(repr=False, default=b"")

    def error(
        self, reason: str | None = None, *, kind: type[OutsideServiceError] | None = None
    ) -> OutsideServiceError:
        """The error to raise for this answer; by default, what its status means."""
        kind = kind or _kind_of(self.status)
        said = reason_in(self.text) if reason is None else reason
        words = f"answered {self.status}"
        return self._fail(kind, words, said, status=self.status, retry_after=self.retry_after)

    def broken_promise(self) -> OutsideServiceError:
        """The error for a 2xx that is no success: a sign-in page, a proxy, another service."""
        said = reason_in(self.text) or "nothing"
        return self.error(f"not what its API promises: {said}", kind=Unclear)


@dataclass(frozen=True)
class _Call(Generic[T]):
    service: Service
    doing: str
    build: Callable[[httpx.Client], httpx.Request]
    read: Callable[[Answer], T]
    also_read: Collection[int]
    settings: Settings


def send(
    service: Service,
    build: Callable[[httpx.Client], httpx.Request],
    settings: Settings,
    *,
    doing: str,
    read: Callable[[Answer], T],
    tries: int = 3,
    repeatable: bool = True,
    also_read: Collection[int] = (),
) -> T:
    """Send the request that `build` makes; return what `read` makes of a 2xx answer.

    doing: what is tried, to continue "could not …".
    build: called with the client for every try; only it may touch secrets.
    read: raises ValueError when the answer is not what the API promises, or `answer.error(…)`.
    tries: in total; none begins later than one `retry.request_timeout` after the first.
    repeatable: False for a request that must not be carried out twice; then only one that
    certainly was not carried out is tried again here.
    also_read: statuses besides 2xx that `read` handles.
    Raises TemporaryError (Unclear when it may have been carried out) or PermanentError.
    """
    call = _Call(service, doing, build, read, also_read, settings)

    def worth_it(error: Exception) -> bool | float:
        if not isinstance(error, TemporaryError) or (isinstance(error, Unclear) and not repeatable):
            return False
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= LONGEST_WAIT else False

    quickly = stamina.RetryingCaller(
        attempts=tries,
        timeout=max(min(settings.retry.request_timeout, seconds_left()), 0.001),
        wait_initial=FIRST_WAIT,
        wait_jitter=FIRST_WAIT,
        wait_max=LONGEST_WAIT,
    )
    with client_for(settings) as client:
        return quickly.on(worth_it)(_once, call, client)


def _once(call: _Call[T], client: httpx.Client) -> T:
    answer = _exchange(call, client)
    if not (200 <= answer.status < 300 or answer.status in call.also_read):
        raise answer.error()
    try:
        return call.read(answer)
    except ValueError:
        pass  # its text may contain what the service sent; raised here it would be chained
    raise answer.broken_promise()


def _exchange(call: _Call[T], client: httpx.Client) -> Answer:
    """One request and its answer. Errors are raised outside `except`: nothing is chained."""
    where = "a request"

    def fail(
        kind: type[OutsideServiceError],
        words: str,
        said: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> OutsideServiceError:
        # Redact before trimming: half a secret must not remain at the end.
        said = trim(without_secrets(said, call.settings), LONGEST_REASON)
        text = without_secrets(f"could not {call.doing}: {where} {words}", call.settings)
        text += f": {said}" if said else ""
        if issubclass(kind, TemporaryError):
            return kind(call.service.name, text, status=status, retry_after=retry_after)
        return kind(call.service.name, f"{text}; check {call.service.settings}", status=status)

    problem: OutsideServiceError | None = None
    try:
        request = _without_userinfo(call.build(client))
        where = f"{request.method} {request.url.copy_with(query=None, fragment=None)}"
        with deadline(call.settings.retry.request_timeout):
            response = client.send(request, stream=True)
            try:
                body = _body(response, client)
            finally:
                response.close()
    except httpx.RequestError as error:
        problem = fail(*_failure(error, call.settings.retry.request_timeout))
    except (httpx.InvalidURL, ValueError, TypeError):
        problem = fail(PermanentError, "cannot be made of these settings")
    if problem is not None:
        raise problem
    wish = retry_after_seconds(response.headers.get("Retry-After"))
    text, date = body.decode("utf-8", "replace"), response.headers.get("Date", "")
    return Answer(response.status_code, text, wish, date, fail, body)


def _body(response: httpx.Response, client: httpx.Client) -> bytes:
    """The answer's content; httpx limits the wait for each chunk, this limits the total."""
    if response.headers.get("Content-Encoding", "").strip().lower() not in CODINGS:
        raise httpx.DecodingError("the answer has a coding that was not asked for")
    ends = time.monotonic() + (client.timeout.read or 0)
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if time.monotonic() > ends:
            raise httpx.ReadTimeout("the answer takes too long")
        if len(body) > LARGEST_ANSWER:
            raise httpx.DecodingError("the answer is too long")
    return bytes(body)


def _failure(error: httpx.RequestError, timeout: float) -> tuple[type[OutsideServiceError], str]:
    """The meaning of an httpx exception, in words that do not quote the request."""
    meaning: tuple[type[OutsideServiceError], str]
    match error:
        case httpx.UnsupportedProtocol():
            meaning = PermanentError, "has no http:// or https:// address"
        case httpx.LocalProtocolError():  # its text repeats the header, for instance a token
            meaning = PermanentError, "has a character that HTTP does not allow"
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            meaning = TemporaryError, f"got no connection within {timeout:g} s"
        case httpx.ConnectError() | httpx.ProxyError():
            meaning = TemporaryError, f"got no connection ({error})"
        case httpx.TimeoutException():
            meaning = Unclear, f"got no full answer within {timeout:g} s"
        case httpx.DecodingError():
            meaning = Unclear, "got an answer that cannot be read"
        case _:
            meaning = Unclear, "got no full answer: the connection broke"
    return meaning


def _kind_of(status: int) -> type[OutsideServiceError]:
    if status in NOTHING_WAS_DONE:
        return TemporaryError
    return Unclear if status >= 500 or status in TRY_AGAIN else PermanentError


def _without_userinfo(request: httpx.Request) -> httpx.Request:
    """Move `user:password@` of a URL into the header: httpx would log it with the URL."""
    if request.url.userinfo:
        pair = f"{request.url.username}:{request.url.password}".encode()
        request.headers.setdefault("Authorization", f"Basic {base64.b64encode(pair).decode()}")
        request.url = request.url.copy_with(userinfo=b"")
    return request


def _say(details: RetryDetails) -> None:
    _log.info("%s; trying again in %.1f s", details.caused_by, details.wait_for)


# Instead of stamina's defaults, which register their own metric and log arguments.
set_on_retry_hooks((_say,))
