"""`POST /v1/slack/actions` and `/v1/slack/commands`, after Slack's signature is checked."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from deployments.intake.channels.signatures import SlackBody
from deployments.web.own_threads import OwnThreads
from schemas.errors import AeefError, TemporaryError
from schemas.settings import Settings
from tasks.channels.slack.interactive import forms, replies
from tasks.channels.slack.interactive.requests import Submission, read_command, read_interaction
from tasks.people.slack.command import answer_command
from tasks.people.slack.press import answer_form, answer_press

AT_ONCE = 8
DEADLINE = 2.5
"""Seconds. Slack shows an error to whoever asked when nothing came within 3."""
LATER = "It is being done; the answer follows here."
LATER_IN_FORM = "It is being done: the incident's message and its page will say so."

T = TypeVar("T")
log = logging.getLogger("aeef.slack")


def add_slack(app: FastAPI, at_start: Settings, now: Callable[[], Settings]) -> None:
    """Add both. They need no token: Slack signs what it sends.

    now: the settings as they are now, for people who were added since the start.
    """
    threads = OwnThreads("what was asked in Slack", AT_ONCE, DEADLINE)
    body = Depends(SlackBody(at_start.slack.secrets))

    @app.post("/v1/slack/commands", response_model=None)
    async def commands(request: Request, raw: bytes = body) -> Response:
        """The answer to `/aeef …`, which only whoever typed it sees."""
        command, settings = read_command(raw), now()
        identity = _identity(request, raw)
        work = partial(answer_command, command, settings, request=identity)
        later = partial(_answer_later, command.response_url, settings)
        said = await _in_time(threads, work, later)
        return JSONResponse(replies.only_for_them(LATER if said is None else said))

    @app.post("/v1/slack/actions", response_model=None)
    async def actions(request: Request, raw: bytes = body) -> Response:
        """A button: 200 at once, its answer goes to the response_url. A form: what it shows."""
        heard, settings = read_interaction(raw), now()
        identity = _identity(request, raw)
        if heard is None:
            return Response()
        if isinstance(heard, Submission):
            filled = partial(answer_form, heard, settings, request=identity)
            shown = await _in_time(threads, filled, _nobody)
            return JSONResponse(shown or forms.outcome("Later", LATER_IN_FORM))

        def press() -> None:
            if said := answer_press(heard, settings, request=identity):
                _answer_later(heard.response_url, settings, said)

        await _in_time(threads, press, _nobody)
        return Response()


async def _in_time(
    threads: OwnThreads, work: Callable[[], T], later: Callable[[T], object]
) -> T | None:
    """The result; None when it takes longer: then `later` gets it.

    Raises TemporaryError when it could not begin: it will not be done.
    """
    result = _Result(later)
    try:
        return await threads.run(result.of, work)
    except TemporaryError:
        if not result.has_begun:
            raise  # what still waited for a thread is given up: nobody may believe that it is done
        return result.or_later()


class _Result(Generic[T]):
    """A result that goes one way or the other, and never both."""

    def __init__(self, later: Callable[[T], object]) -> None:
        self._later = later
        self._lock = threading.Lock()
        self._has_begun = False
        self._is_late = False
        self._found: list[T] = []

    def of(self, work: Callable[[], T]) -> T:
        """Work; what was waited for too long is passed on."""
        self._has_begun = True
        found = work()
        with self._lock:
            self._found.append(found)
            is_late = self._is_late
        if is_late:
            self._later(found)
        return found

    @property
    def has_begun(self) -> bool:
        """True when it is being done, or is done."""
        return self._has_begun

    def or_later(self) -> T | None:
        """The result after all; None: it will be passed on."""
        with self._lock:
            self._is_late = not self._found
            return self._found[0] if self._found else None


def _answer_later(response_url: str, settings: Settings, said: str) -> None:
    try:
        replies.answer(response_url, said, settings)
    except AeefError as error:
        log.warning("%s", error)


def _nobody(_result: Any) -> None:
    """Whoever asked reads it elsewhere."""


def _identity(request: Request, raw: bytes) -> str:
    """Of this request: sent again, signed as it was, it is the same."""
    signed = request.headers.get("x-slack-request-timestamp", "").encode() + b":" + raw
    return hashlib.sha256(signed).hexdigest()[:32]
