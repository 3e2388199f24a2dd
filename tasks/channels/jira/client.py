"""Client of Jira Cloud's REST API v3: makes sure that an incident has one ticket.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post
Jira has no idempotency key: before every create we search for a label made of the incident id,
and a create that may have succeeded is not repeated here.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
from pydantic import BaseModel, Field

from schemas.incident import Incident
from schemas.settings import Settings
from tasks.base.http import Answer, Service, Unclear, send
from tasks.channels.jira.document import description_of, summary_of

SERVICE = Service("Jira", "AEEF_JIRA__URL, AEEF_JIRA__EMAIL and AEEF_JIRA__TOKEN")
_log = logging.getLogger("aeef.jira")
INDEX_SETTLES = 15.0
"""Seconds until a search certainly finds a new ticket, as the index lags a little.

https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/
"""


class Ticket(NamedTuple):
    """An incident's ticket. created: False when it existed already."""

    key: str
    url: str
    created: bool


class _Issue(BaseModel):
    key: str = Field(pattern=r"^[A-Z][A-Z0-9_]*-[0-9]+$")


class _Found(BaseModel):
    issues: list[_Issue]


class _Problems(BaseModel):
    errors: dict[str, str] = {}


class _Me(BaseModel):
    display_name: str = Field(alias="displayName")


def configured(settings: Settings) -> bool:
    """True when site, email and token are set."""
    jira = settings.jira
    return None not in (jira.url, jira.email, jira.token)


def ensure_ticket(incident: Incident, settings: Settings, *, tries: int = 3) -> Ticket:
    """Find the incident's ticket by its label, or create it. Safe to repeat.

    Raises TemporaryError, also when a ticket may have been created: its `retry_after` then
    gives the search index time, so that the retry finds it. Raises PermanentError.
    """
    label = label_of(incident)
    return ensure_labelled(label, lambda: fields_of(incident, settings), settings, tries=tries)


def ensure_labelled(
    label: str, fields_of: Callable[[], dict[str, Any]], settings: Settings, *, tries: int = 3
) -> Ticket:
    """As `ensure_ticket`, for the ticket with this label; fields_of: of a new one."""
    found = find_labelled(label, settings, tries=tries)
    if found is not None:
        return found
    fields = fields_of()
    while True:
        made = create(fields, settings, tries=tries)
        if isinstance(made, Ticket):
            return made
        for name in made:
            del fields[name]


def find_ticket(incident: Incident, settings: Settings, *, tries: int = 3) -> Ticket | None:
    """The incident's ticket (the oldest, if there are several); None when there is none.

    Raises TemporaryError or PermanentError.
    """
    return find_labelled(label_of(incident), settings, tries=tries)


def find_labelled(label: str, settings: Settings, *, tries: int = 3) -> Ticket | None:
    """As `find_ticket`, by a label of ours."""
    search = {
        "jql": f'labels = "{label}" ORDER BY created ASC',
        "fields": ["summary"],
        "maxResults": 1,
    }

    def build(client: httpx.Client) -> httpx.Request:
        return request_for(client, settings, "POST", "/rest/api/3/search/jql", json=search)

    def read(answer: Answer) -> Ticket | None:
        issues = _Found.model_validate_json(answer.text).issues
        return _ticket(issues[0].key, settings, created=False) if issues else None

    require(settings)
    return send(SERVICE, build, settings, doing="look for the ticket", read=read, tries=tries)


def check(settings: Settings, *, tries: int = 1) -> str:
    """Query our own user; one line for `aeef doctor`. Raises TemporaryError or PermanentError."""

    def build(client: httpx.Client) -> httpx.Request:
        return request_for(client, settings, "GET", "/rest/api/3/myself")

    def read(answer: Answer) -> str:
        return f"Jira user {_Me.model_validate_json(answer.text).display_name}"

    require(settings)
    me = send(SERVICE, build, settings, doing="sign in", read=read, tries=tries)
    _require_project(settings, tries)
    return f"{me}, project {settings.jira.project}; creating is proven by the first ticket"


def _require_project(settings: Settings, tries: int) -> None:
    """Raise PermanentError unless our user sees the project."""
    project = settings.jira.project
    search = {"jql": f'project = "{project}"', "fields": ["summary"], "maxResults": 1}

    def build(client: httpx.Client) -> httpx.Request:
        return request_for(client, settings, "POST", "/rest/api/3/search/jql", json=search)

    def read(answer: Answer) -> None:
        if answer.status == 400:
            raise answer.error(
                f"there is no project {project} that our user sees: set AEEF_JIRA__PROJECT"
            )

    doing = f"look for the project {project}"
    send(SERVICE, build, settings, doing=doing, read=read, tries=tries, also_read=(400,))


def label_of(incident: Incident) -> str:
    """The label that identifies the ticket: no spaces, at most 255 characters (Jira's rules).

    A relapse gets a ticket of its own: the first may be done, and nobody looks at it any more.
    """
    occurrence = f"-{incident.occurrence}" if incident.occurrence > 1 else ""
    return f"aeef-{incident.incident_id}{occurrence}"


def fields_of(incident: Incident, settings: Settings) -> dict[str, Any]:
    """The ticket's fields."""
    kind = re.sub(r"[^A-Za-z0-9_-]+", "-", incident.type)[:200]
    return {
        "project": {"key": settings.jira.project},
        "issuetype": {"name": settings.jira.issue_type},
        "summary": summary_of(incident),
        "description": description_of(incident, settings),
        "labels": ["aeef", label_of(incident), f"aeef-{kind}"],
        "priority": {"name": settings.jira.priorities[incident.severity]},
        **settings.jira.fields,
    }


def create(fields: dict[str, Any], settings: Settings, *, tries: int = 3) -> Ticket | list[str]:
    """Create a ticket without searching first.

    Returns the fields that the site rejects and the ticket can do without: the priority, the due
    date, and those of `[jira] fields`, for other names or a form without them. A ticket comes
    before its board.
    Raises TemporaryError (Unclear when it may have been created) or PermanentError.
    """

    def build(client: httpx.Client) -> httpx.Request:
        return request_for(client, settings, "POST", "/rest/api/3/issue", json={"fields": fields})

    def read(answer: Answer) -> Ticket | list[str]:
        if answer.status != httpx.codes.BAD_REQUEST:
            key = _Issue.model_validate_json(answer.text).key
            return _ticket(key, settings, created=True)
        optional = {"priority", "duedate", *settings.jira.fields} & set(fields)
        if rejected := sorted(optional & set(_problems(answer))):
            _log.warning("%s", answer.error(f"without {', '.join(rejected)} then"))
            return rejected
        raise answer.error()

    require(settings)
    try:
        return send(
            SERVICE,
            build,
            settings,
            doing="create the ticket",
            read=read,
            tries=tries,
            repeatable=False,
            also_read={httpx.codes.BAD_REQUEST},
        )
    except Unclear as error:
        error.retry_after = max(error.retry_after or 0.0, INDEX_SETTLES)
        raise


def _problems(answer: Answer) -> dict[str, str]:
    try:
        return _Problems.model_validate_json(answer.text).errors
    except ValueError:
        return {}


def _ticket(key: str, settings: Settings, *, created: bool) -> Ticket:
    return Ticket(key, f"{(settings.jira.url or '').rstrip('/')}/browse/{key}", created)


def require(settings: Settings) -> None:
    """Raise PermanentError when Jira is not configured."""
    if not configured(settings):
        raise SERVICE.not_configured()


def request_for(
    client: httpx.Client, settings: Settings, method: str, path: str, *, json: Any = None
) -> httpx.Request:
    """A request signed with email and token.

    https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/
    """
    token = settings.jira.token.get_secret_value() if settings.jira.token else ""
    pair = base64.b64encode(f"{settings.jira.email}:{token}".encode()).decode()
    return client.build_request(
        method,
        f"{(settings.jira.url or '').rstrip('/')}{path}",
        headers={"Authorization": f"Basic {pair}", "Accept": "application/json"},
        json=json,
    )
