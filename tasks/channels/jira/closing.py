"""Client of Jira Cloud's REST API v3: moves a ticket to where its workflow says that it is done.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from schemas.settings import Settings
from tasks.base.http import Answer, send
from tasks.channels.jira.client import SERVICE, request_for, require

DONE = "done"
"""The key of the one status category that means that nothing is left to do."""


class _Category(BaseModel):
    key: str = ""


class _Status(BaseModel):
    category: _Category = Field(default=_Category(), alias="statusCategory")


class _Move(BaseModel):
    id: str
    to: _Status = _Status()
    is_available: bool = Field(default=True, alias="isAvailable")


class _Moves(BaseModel):
    transitions: list[_Move] = []


class _Fields(BaseModel):
    status: _Status = _Status()


class _Issue(BaseModel):
    fields: _Fields


def close(key: str, settings: Settings, *, tries: int = 2) -> str:
    """Move the ticket to the first status that is done; why it stays open, or empty.

    A ticket that somebody closed stays as it is. Raises TemporaryError or PermanentError.
    """
    require(settings)
    if is_closed(key, settings, tries=tries):
        return ""
    path = f"/rest/api/3/issue/{key}/transitions"

    def read(answer: Answer) -> _Moves:
        return _Moves.model_validate_json(answer.text)

    moves = send(
        SERVICE,
        lambda client: request_for(client, settings, "GET", path),
        settings,
        doing=f"look how ticket {key} can be closed",
        read=read,
        tries=tries,
    ).transitions
    ends = [each for each in moves if each.is_available and each.to.category.key == DONE]
    if not ends:
        return "its workflow has no step from here to a status that is done, or not for our user"

    def moved(answer: Answer) -> str:
        return "" if answer.status < 400 else str(answer.error())

    body = {"transition": {"id": ends[0].id}}
    return send(
        SERVICE,
        lambda client: request_for(client, settings, "POST", path, json=body),
        settings,
        doing=f"close ticket {key}",
        read=moved,
        tries=tries,
        also_read={400},
    )


def is_closed(key: str, settings: Settings, *, tries: int = 2) -> bool:
    """True when the ticket's status is one that is done."""
    require(settings)

    def read(answer: Answer) -> bool:
        status = _Issue.model_validate_json(answer.text).fields.status
        return status.category.key == DONE

    return send(
        SERVICE,
        lambda client: request_for(
            client, settings, "GET", f"/rest/api/3/issue/{key}?fields=status"
        ),
        settings,
        doing=f"read ticket {key}",
        read=read,
        tries=tries,
    )
