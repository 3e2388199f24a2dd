"""Calls a method of Slack's Web API, and translates its errors.

Slack answers 200 with `ok: false`. https://docs.slack.dev/apis/web-api/#responses
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, Field

from schemas.errors import OutsideServiceError, PermanentError, TemporaryError
from schemas.settings import Settings
from tasks.base.http import Answer, Service, Unclear, send

SERVICE = Service("Slack", "AEEF_SLACK__TOKEN (and AEEF_SLACK__URL)")

PAGE_SIZE = 200
"""Slack's advice. https://docs.slack.dev/apis/web-api/pagination"""
MOST_PAGES = 10

NOT_DONE = frozenset({"ratelimited", "rate_limited"})
MAYBE_DONE = frozenset(
    {"internal_error", "service_unavailable", "fatal_error", "request_timeout", "team_added_to_org"}
)
"""https://docs.slack.dev/reference/methods/chat.postMessage#errors: it "may have succeeded"."""
REMEDIES = {
    "not_in_channel": "invite the bot: /invite @bot in the channel",
    "channel_not_found": "create the channel or correct [slack.channels], and invite the bot",
    "is_archived": "unarchive the channel, or name another in [slack.channels]",
    "restricted_action": "let the bot post in the channel",
    "invalid_auth": "renew AEEF_SLACK__TOKEN",
    "not_authed": "set AEEF_SLACK__TOKEN",
    "account_inactive": "install the Slack app again and renew AEEF_SLACK__TOKEN",
    "token_revoked": "install the Slack app again and renew AEEF_SLACK__TOKEN",
    "token_expired": "renew AEEF_SLACK__TOKEN",
    "message_not_found": "somebody deleted the message",
    "edit_window_closed": "the workspace's settings let messages be edited for this long only",
    "cant_update_message": "the message is not this bot's: it was posted with another token",
    "missing_scope": "give the Slack app this scope and install it again",
}


class MissingScope(PermanentError):
    """The bot may not do this: its app lacks a scope."""


class _Ok(BaseModel):
    ok: bool
    error: str = Field(default="no reason given", repr=False)
    needed: str = Field(default="", repr=False)


class _Cursor(BaseModel):
    next_cursor: str = ""


class Page(BaseModel):
    """One page of an answer; see https://docs.slack.dev/apis/web-api/pagination."""

    response_metadata: _Cursor | None = None

    @property
    def next(self) -> str:
        """The cursor of the next page; empty on the last."""
        return self.response_metadata.next_cursor if self.response_metadata else ""


Shape = TypeVar("Shape", bound=BaseModel)
PageShape = TypeVar("PageShape", bound=Page)


def call(
    method: str,
    settings: Settings,
    shape: type[Shape],
    *,
    doing: str,
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
    tries: int,
    repeatable: bool = True,
) -> Shape:
    """Call a method with a JSON body, or, without a body, as GET with a query.

    Raises TemporaryError (Unclear when it may have been carried out) or PermanentError.
    """
    token = settings.slack.token
    if token is None:
        raise SERVICE.not_configured()
    url = f"{settings.slack.url.rstrip('/')}/{method}"

    def build(client: httpx.Client) -> httpx.Request:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
        if body is None:
            return client.build_request("GET", url, headers=headers, params=query)
        headers["Content-Type"] = "application/json; charset=utf-8"
        return client.build_request("POST", url, headers=headers, json=body)

    def read(answer: Answer) -> Shape:
        verdict = _Ok.model_validate_json(answer.text)
        if not verdict.ok:
            raise _refusal(verdict, answer)
        return shape.model_validate_json(answer.text)

    return send(
        SERVICE, build, settings, doing=doing, read=read, tries=tries, repeatable=repeatable
    )


def pages(
    method: str,
    settings: Settings,
    shape: type[PageShape],
    *,
    doing: str,
    query: Mapping[str, str],
    tries: int,
) -> Iterator[PageShape]:
    """Call a method page by page, at most `MOST_PAGES`. Raises as `call`."""
    cursor: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        asked = {**query, "limit": str(PAGE_SIZE), **cursor}
        page = call(method, settings, shape, doing=doing, query=asked, tries=tries)
        yield page
        if not page.next:
            return
        cursor = {"cursor": page.next}


def _refusal(verdict: _Ok, answer: Answer) -> OutsideServiceError:
    kind: type[OutsideServiceError] = PermanentError
    if verdict.error in NOT_DONE:
        kind = TemporaryError
    elif verdict.error in MAYBE_DONE:
        kind = Unclear
    elif verdict.error == "missing_scope":
        kind = MissingScope
    needed = f" ({verdict.needed})" if verdict.needed else ""
    remedy = REMEDIES.get(verdict.error)
    reason = f"{verdict.error}{needed}" + (f": {remedy}" if remedy else "")
    return answer.error(reason, kind=kind)
