"""Stand-in for Jira Cloud's REST API v3."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jsonschema import Draft4Validator
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from standins.server import Received, Reply
from standins.standin import StandIn, contract

SITE = "https://your-domain.atlassian.net"
EMAIL = "aeef@example.com"
TOKEN = "ATATT3xFfGF0123456789"
_ISSUE_PATH = re.compile(
    r"/rest/api/3/issue/(?P<key>[A-Z]+-[0-9]+)(?P<part>/comment|/transitions)?"
)
_PROJECT_SEARCH = re.compile(r'project = "([A-Z]+)"')
_LABEL_SEARCH = re.compile(r'labels = "([^"\s]+)" ORDER BY created ASC')


@dataclass
class JiraIssue:
    """A ticket. unseen_by: so many more searches will not find it yet."""

    key: str
    fields: dict[str, Any]
    unseen_by: int = 0
    comments: list[dict[str, Any]] = field(default_factory=list)
    status: str = "new"


class Jira(StandIn):
    """Keeps issues. index_lag: how many searches miss a new issue. priorities: what it knows."""

    section = "jira"

    def __init__(self) -> None:
        super().__init__()
        self.issues: list[JiraIssue] = []
        self.priorities = {"Highest", "High", "Medium", "Low", "Lowest"}
        self.projects = {"AEEF"}
        self.issue_types = {"Bug", "Task"}
        self.index_lag = 0
        self.refused_fields: dict[str, str] = {}
        self.assignable = {"5b109f2e9729b51b54dc274d"}
        self.transitions: list[dict[str, Any]] = [
            {"id": number, "name": name, "to": {"name": name, "statusCategory": {"key": key}}}
            for number, name, key in (("11", "To Do", "new"), ("31", "Done", "done"))
        ]

    def credentials(self) -> dict[str, str]:
        """The account it knows."""
        return {"email": EMAIL, "token": TOKEN}

    def answer(self, request: Received) -> Reply:
        """Search, create, and say who we are."""
        pair = base64.b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return _errors(401, "Client must be authenticated to access this resource.")
        problems = _contract_problems(request)
        if problems:
            for problem in problems:
                self.violated(problem)
            return _errors(400, *problems)
        match request.method, request.path:
            case "GET", "/rest/api/3/myself":
                return Reply(200, {"accountId": "1", "displayName": "AEEF Runbooks"})
            case "POST", "/rest/api/3/search/jql":
                return self._search(request.json)
            case "POST", "/rest/api/3/issue":
                return self._create(request.json["fields"])
        return self._one_issue(request)

    def _one_issue(self, request: Received) -> Reply:
        at = _ISSUE_PATH.fullmatch(request.path)
        issue = at and next((each for each in self.issues if each.key == at["key"]), None)
        if at and issue:
            match request.method, at["part"]:
                case "GET", "/transitions":
                    return Reply(200, {"transitions": self.transitions})
                case "POST", "/transitions":
                    return self._move(issue, request.json["transition"]["id"])
                case "GET", None:
                    fields = {**issue.fields, "comment": {"comments": issue.comments}}
                    fields["status"] = {"statusCategory": {"key": issue.status}}
                    fields["assignee"] = fields.get("assignee")
                    return Reply(200, {"id": "1", "key": issue.key, "fields": fields})
                case "PUT", None:
                    return self._assign(issue, request.json["fields"])
                case "POST", "/comment":
                    return self._comment(issue, request.json["body"])
        return _errors(404, f"{request.path} is not here")

    def _assign(self, issue: JiraIssue, fields: dict[str, Any]) -> Reply:
        account = fields["assignee"]["id"]
        if account not in self.assignable:
            return Reply(400, {"errorMessages": [], "errors": {"assignee": "cannot be assigned"}})
        issue.fields["assignee"] = {"accountId": account}
        return Reply(204, b"")

    def _move(self, issue: JiraIssue, wanted: str) -> Reply:
        move = next((each for each in self.transitions if each["id"] == wanted), None)
        if move is None:
            return _errors(400, f"It is not on a screen: transition {wanted}")
        issue.status = move["to"]["statusCategory"]["key"]
        return Reply(204, b"")

    def _comment(self, issue: JiraIssue, body: dict[str, Any]) -> Reply:
        broken = [error.message[:200] for error in _document().iter_errors(body)]
        if broken or not 1 <= len(_text_of(body)) <= 32_767:
            return _errors(400, self.violated(f"comment: {broken or 'too long, or empty'}"))
        issue.comments.append({"id": str(len(issue.comments)), "body": body})
        return Reply(201, {"id": str(len(issue.comments))})

    def _search(self, search: dict[str, Any]) -> Reply:
        if project := _PROJECT_SEARCH.fullmatch(search.get("jql", "")):
            if project[1] not in self.projects:
                return _errors(400, f"The value '{project[1]}' does not exist for 'project'.")
            return Reply(200, {"isLast": True, "issues": []})
        asked = _LABEL_SEARCH.fullmatch(search.get("jql", ""))
        if asked is None:
            return _errors(400, self.violated(f"a search not understood: {search}"))
        found = []
        for issue in self.issues:
            if asked[1] in issue.fields.get("labels", []):
                issue.unseen_by -= 1
                if issue.unseen_by < 0:
                    found.append(issue)
        issues = [{"id": str(10_000 + i), "key": x.key} for i, x in enumerate(found)]
        return Reply(200, {"isLast": True, "issues": issues[: search.get("maxResults", 50)]})

    def _create(self, fields: dict[str, Any]) -> Reply:
        problems = field_problems(fields)
        if problems:
            for name, problem in problems.items():
                self.violated(f"{name}: {problem}")
            return Reply(400, {"errorMessages": [], "errors": problems})
        refused = {}
        if fields["project"].get("key") not in self.projects:
            refused["project"] = "valid project is required"
        if fields["issuetype"].get("name") not in self.issue_types:
            refused["issuetype"] = "Specify a valid issue type"
        if "priority" in fields and fields["priority"].get("name") not in self.priorities:
            refused["priority"] = "Specify a valid priority ID or name"
        refused |= {n: why for n, why in self.refused_fields.items() if n in fields}
        if refused:
            return Reply(400, {"errorMessages": [], "errors": refused})
        number = len(self.issues) + 1
        self.issues.append(JiraIssue(f"AEEF-{number}", fields, unseen_by=self.index_lag))
        key = self.issues[-1].key
        issue_id = str(9_999 + number)
        return Reply(
            201, {"id": issue_id, "key": key, "self": f"{SITE}/rest/api/3/issue/{issue_id}"}
        )


def _errors(status: int, *messages: str) -> Reply:
    return Reply(status, {"errorMessages": list(messages), "errors": {}})


@cache
def _openapi() -> OpenAPI:
    return OpenAPI.from_dict(contract("jira-v3-issues.openapi.json"))


def _contract_problems(request: Received) -> list[str]:
    asked = MockRequest(
        SITE,
        request.method.lower(),
        request.path,
        args=request.query,
        headers=request.headers,
        data=request.body or None,
        content_type=request.headers.get("content-type", ""),
    )
    try:
        _openapi().validate_request(asked)
    except OpenAPIError as error:
        details = getattr(error.__cause__, "schema_errors", None) or [error.__cause__ or error]
        return [str(detail) for detail in details]
    return []


@cache
def _document() -> Draft4Validator:
    return Draft4Validator(contract("atlassian-document-format.schema.json"))


def field_problems(fields: dict[str, Any]) -> dict[str, str]:
    """What the documentation says of the fields and the OpenAPI file does not."""
    problems = {}
    for name in ("project", "issuetype", "summary"):
        if name not in fields:
            problems[name] = "is required"
    summary = fields.get("summary", "")
    if not summary.strip() or len(summary) > 255 or "\n" in summary:
        problems["summary"] = "must be 1 to 255 characters without a newline"
    labels = fields.get("labels", [])
    if any(not label or len(label) > 255 or re.search(r"\s", label) for label in labels):
        problems["labels"] = "must not have spaces, and at most 255 characters"
    description = fields.get("description")
    if not isinstance(description, dict):
        problems["description"] = "must be an Atlassian document"
    elif broken := [error.message[:200] for error in _document().iter_errors(description)]:
        problems["description"] = "; ".join(broken)
    elif len(_text_of(description)) > 32_767:
        problems["description"] = "is over 32767"
    return problems


def _text_of(node: dict[str, Any]) -> str:
    return str(node.get("text", "")) + "".join(_text_of(each) for each in node.get("content", []))
