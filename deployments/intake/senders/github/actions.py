"""Workflows and checks that the settings call deployments: for whoever deploys without more.

`[github] deployments` names them, since to GitHub a workflow that tests is like one that deploys.
"""

from __future__ import annotations

from typing import Any

from deployments.intake.senders.github.event import (
    Event,
    Heard,
    Part,
    details,
    service_of,
    unreleased,
)
from schemas.incident import Alert, IncidentType
from schemas.model import UtcDatetime, utc_now
from schemas.settings import GithubSettings
from tasks.reports.report_json import text

FAILED = {"failure", "timed_out", "startup_failure"}
OVER = {"success"}
"""Conclusions; all others (cancelled, skipped, neutral, stale, …) say nothing about what runs."""
OF_PULL_REQUESTS = {"pull_request", "pull_request_target", "merge_group"}
"""What started a run that deploys nothing that is released."""


_NONE_NAMED = Heard(ignored="github.deployments names no workflow or check: it is not followed")


class _Commit(Part):
    message: str | None = None


class _Origin(Part):
    id: int


class _Run(Part):
    id: int
    head_repository: _Origin | None = None
    workflow_id: int
    name: str | None = None
    path: str | None = None
    head_branch: str | None = None
    head_sha: str
    head_commit: _Commit | None = None
    event: str | None = None
    conclusion: str | None = None
    run_number: int | None = None
    run_attempt: int | None = None
    html_url: str | None = None
    updated_at: UtcDatetime | None = None


class _WorkflowRun(Event):
    workflow_run: _Run


class _Suite(Part):
    head_branch: str | None = None


class _App(Part):
    slug: str | None = None


class _Check(Part):
    id: int
    name: str
    head_sha: str
    conclusion: str | None = None
    html_url: str | None = None
    completed_at: UtcDatetime | None = None
    check_suite: _Suite | None = None
    pull_requests: Any = None
    app: _App | None = None


class _CheckRun(Event):
    check_run: _Check


def workflow_run(data: Any, settings: GithubSettings) -> Heard:
    """A workflow that is over: one incident for each workflow and branch while it fails."""
    if not settings.deployments:
        return _NONE_NAMED
    event = _WorkflowRun.model_validate(data)
    run = event.workflow_run
    path = text(run.path, 300).partition("@")[0]
    names = (text(run.name, 200), path, path.rpartition("/")[2])
    if run.head_repository and run.head_repository.id != event.repository.id:
        return Heard(ignored="it ran for a fork: nothing of it is released")
    if run.event in OF_PULL_REQUESTS:
        return Heard(ignored=f"it was started by {run.event}: nothing of it is released")
    attempt = f", attempt {run.run_attempt}" if (run.run_attempt or 1) > 1 else ""
    return _heard(
        event,
        names,
        run.conclusion,
        settings,
        branch=text(run.head_branch, 200),
        sha=text(run.head_sha, 100),
        key=f"workflow:{run.workflow_id}",
        called=f"Workflow {names[0] or names[2] or run.workflow_id}, run"
        f" {run.run_number or run.id}{attempt}",
        at=run.updated_at,
        more=details(
            run=run.id,
            attempt=run.run_attempt,
            change=text(run.head_commit.message if run.head_commit else None, 500),
            url=text(run.html_url, 1000),
        ),
    )


def check_run(data: Any, settings: GithubSettings) -> Heard:
    """A check that is over, a job of a workflow or another system's."""
    if not settings.deployments:
        return _NONE_NAMED
    event = _CheckRun.model_validate(data)
    check = event.check_run
    name, app = text(check.name, 200), text(check.app.slug if check.app else None, 100)
    if settings.is_deployment(name) and (why := _of_somebody_else(check, settings)):
        return Heard(ignored=why)
    return _heard(
        event,
        (name,),
        check.conclusion,
        settings,
        branch=text(check.check_suite.head_branch if check.check_suite else None, 200),
        sha=text(check.head_sha, 100),
        key=f"check:{app}:{name}",
        called=f"Check {name}",
        at=check.completed_at,
        more=details(check=check.id, app=app, url=text(check.html_url, 1000)),
    )


def _of_somebody_else(check: _Check, settings: GithubSettings) -> str:
    """Why a check says nothing of what is released: GitHub names no branch of a fork's."""
    if check.check_suite is not None and not check.check_suite.head_branch:
        return "it has no branch, as a fork's: nothing of it is released"
    if check.pull_requests and not settings.branches:
        return "it belongs to a pull request: nothing of it is released"
    return ""


def _heard(
    event: Event,
    names: tuple[str, ...],
    conclusion: str | None,
    settings: GithubSettings,
    *,
    branch: str,
    sha: str,
    key: str,
    called: str,
    at: UtcDatetime | None,
    more: dict[str, Any],
) -> Heard:
    if not settings.is_deployment(*names):
        return Heard(ignored=f"'{names[0] or names[-1]}' is not among github.deployments")
    if event.action != "completed":
        return Heard(ignored=f"'{text(event.action, 60)}': it is not over")
    if conclusion not in FAILED | OVER:
        return Heard(ignored=f"its conclusion is '{text(conclusion, 60)}', which is no news")
    if why := unreleased(branch, settings):
        return Heard(ignored=why)
    repository = event.repository
    return Heard(
        Alert(
            type=IncidentType.DEPLOYMENT_FAILURE,
            service=service_of(repository, settings),
            description=f"{called}, of {repository.name} at {sha[:12]}"
            f"{f' on {branch}' if branch else ''}: {conclusion}",
            detected_at=at or utc_now(),
            source="github",
            dedup_key=f"{repository.key}:{key}:{branch}"[:1000],
            details=details(repository=repository.name, sha=sha, ref=branch) | more,
        ),
        is_over=conclusion in OVER,
    )
