"""Answers to whoever pressed a button or typed a command; nobody else sees them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel

from schemas.errors import InvalidInput
from schemas.settings import Settings
from tasks.base.http import Answer, Service, send
from tasks.channels.slack.api import call
from tasks.channels.slack.blocks import reply_text

SERVICE = Service("Slack", "the network: the answer goes to the address that Slack gave")
HOST = "hooks.slack.com"
"""Where Slack takes answers. https://docs.slack.dev/interactivity/handling-user-interaction"""


class _Opened(BaseModel):
    ok: bool


def only_for_them(text: str) -> dict[str, Any]:
    """The answer as Slack takes it, shown to one person; the text is shown as it is."""
    return {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": reply_text(text),
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
    }


def answer(response_url: str, text: str, settings: Settings) -> None:
    """Answer later, at the address that came with the request. Raises OutsideServiceError.

    Only an address of Slack: the request was signed, and yet must not make us call anybody else.
    """
    _require_slack(response_url, settings)

    def build(client: httpx.Client) -> httpx.Request:
        return client.build_request("POST", response_url, json=only_for_them(text))

    send(
        SERVICE, build, settings, doing="answer", read=_nothing, tries=1, repeatable=False
    )  # fmt: skip


def open_form(trigger_id: str, view: dict[str, Any], settings: Settings) -> None:
    """Show a form to whoever pressed the button; Slack allows it for three seconds.

    https://docs.slack.dev/reference/methods/views.open. Raises OutsideServiceError.
    """
    body = {"trigger_id": trigger_id, "view": view}
    call("views.open", settings, _Opened, doing="open a form", body=body, tries=1, repeatable=False)


def _nothing(_answer: Answer) -> None:
    return None


def _require_slack(url: str, settings: Settings) -> None:
    try:
        given, ours = urlsplit(url), urlsplit(settings.slack.url)
        is_slack = given.scheme == "https" and given.netloc == HOST
        if is_slack or (given.scheme, given.netloc) == (ours.scheme, ours.netloc):
            return
    except ValueError:
        pass
    raise InvalidInput(f"response_url: an address of https://{HOST}/ was expected")
