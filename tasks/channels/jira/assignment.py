"""Client of Jira Cloud's REST API v3: assigns a ticket, and comments why; each once.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import httpx
from pydantic import BaseModel, Field

from schemas.settings import Settings
from tasks.base.http import Answer, send
from tasks.base.trim import characters, clean, trim
from tasks.channels.jira.client import SERVICE, request_for, require
from tasks.channels.jira.document import DESCRIPTION_LIMIT


class TicketState(NamedTuple):
    """assignee: an accountId. commented: True when our comment is there."""

    assignee: str | None
    commented: bool


class _User(BaseModel):
    account_id: str = Field(alias="accountId")


class _Comments(BaseModel):
    comments: list[dict[str, Any]] = []


class _Fields(BaseModel):
    assignee: _User | None = None
    comment: _Comments = _Comments()


class _Issue(BaseModel):
    fields: _Fields


def look(key: str, mark: str, settings: Settings, *, tries: int = 3) -> TicketState:
    """The ticket's assignee, and whether it has a comment with this mark.

    Raises TemporaryError or PermanentError.
    """
    require(settings)
    path = f"/rest/api/3/issue/{key}?fields=assignee&fields=comment"

    def read(answer: Answer) -> TicketState:
        fields = _Issue.model_validate_json(answer.text).fields
        assignee = fields.assignee.account_id if fields.assignee else None
        return TicketState(assignee, mark in json.dumps(fields.comment.comments))

    return send(
        SERVICE,
        lambda client: request_for(client, settings, "GET", path),
        settings,
        doing=f"read ticket {key}",
        read=read,
        tries=tries,
    )


def assign(key: str, account_id: str, settings: Settings, *, tries: int = 3) -> str | None:
    """Assign the ticket; return why Jira refuses this person, or None.

    Raises TemporaryError or PermanentError.
    """
    require(settings)
    body = {"fields": {"assignee": {"id": account_id}}}

    def read(answer: Answer) -> str | None:
        return str(answer.error()) if answer.status == httpx.codes.BAD_REQUEST else None

    return send(
        SERVICE,
        lambda client: request_for(client, settings, "PUT", f"/rest/api/3/issue/{key}", json=body),
        settings,
        doing=f"assign ticket {key}",
        read=read,
        tries=tries,
        also_read={httpx.codes.BAD_REQUEST},
    )


def comment(key: str, lines: Sequence[str], settings: Settings, *, tries: int = 3) -> None:
    """Add a comment, one paragraph per line. Raises TemporaryError (if Unclear: `look` first)."""
    require(settings)
    body = {"body": document(lines)}
    path = f"/rest/api/3/issue/{key}/comment"
    send(
        SERVICE,
        lambda client: request_for(client, settings, "POST", path, json=body),
        settings,
        doing=f"comment on ticket {key}",
        read=lambda _answer: None,
        tries=tries,
        repeatable=False,
    )


def document(lines: Sequence[str]) -> dict[str, Any]:
    """Plain text as an Atlassian document without markup; trimmed if too long."""
    texts = [text for line in lines if (text := clean(line).strip())]
    content: list[dict[str, Any]] = []
    room = DESCRIPTION_LIMIT - 1_000
    for text in texts:
        fitting = trim(text, 2_000)
        paragraph = {"type": "paragraph", "content": [{"type": "text", "text": fitting}]}
        room -= characters(json.dumps(paragraph))
        if room < 0:
            break
        content.append(paragraph)
    return {"type": "doc", "version": 1, "content": content}
