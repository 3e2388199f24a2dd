"""Reads GitHub's webhooks as our alerts.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from deployments.intake.senders.github.actions import check_run, workflow_run
from deployments.intake.senders.github.event import (
    Event,
    Heard,
    details,
    service_of,
    unreleased,
)
from deployments.intake.senders.github.findings import (
    CodeScanning,
    Dependabot,
    DeploymentStatus,
    SecretScanning,
    code_finding,
    dependency_finding,
    secret_finding,
)
from schemas.errors import InvalidInput
from schemas.findings import FINDINGS, Finding
from schemas.incident import Alert, IncidentType
from schemas.model import UtcDatetime, utc_now
from schemas.settings import GithubSettings
from tasks.reports.report_json import text

FAILED = {"failure", "error"}
OPENS = {
    "code_scanning_alert": {"created", "reopened", "reopened_by_user", "appeared_in_branch"},
    "dependabot_alert": {"created", "reopened", "reintroduced", "auto_reopened"},
    "secret_scanning_alert": {"created", "reopened", "publicly_leaked", "validated"},
}
ENDS = {
    "code_scanning_alert": {"fixed", "closed_by_user"},
    "dependabot_alert": {"fixed", "dismissed", "auto_dismissed"},
    "secret_scanning_alert": {"resolved", "revoked"},
}
"""Actions of an alert by kind of event; all others are ignored."""


class _Deployment(Event):
    deployment_status: DeploymentStatus
    deployment: DeploymentStatus.Deployment


class _CodeScanning(Event):
    alert: CodeScanning
    ref: str | None = None
    commit_oid: str | None = None


class _Dependabot(Event):
    alert: Dependabot


class _SecretScanning(Event):
    alert: SecretScanning


def read_event(event: str, data: Any, delivery: str | None, settings: GithubSettings) -> Heard:
    """Parse a webhook. delivery: GitHub's id of this message, the same when it is sent again.

    Raises InvalidInput that names each wrong field.
    """
    reader = _READERS.get(event)
    if reader is None:
        return Heard(ignored=f"{text(event, 60) or 'an event without a name'} is not followed")
    try:
        heard = reader(data, settings)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise InvalidInput(f"not GitHub's {event}: {problems}") from None
    if heard.alert and delivery:
        alert = heard.alert.model_copy(update={"delivery": delivery[:200]})
        return heard._replace(alert=alert)
    return heard


def _deployment_status(data: Any, settings: GithubSettings) -> Heard:
    """One incident for each failed deployment, however often its failure is reported."""
    event = _Deployment.model_validate(data)
    status, deployment = event.deployment_status, event.deployment
    if status.state not in FAILED:
        return Heard(ignored=f"the deployment's state is '{text(status.state, 60)}'")
    environment = text(status.environment or deployment.environment, 200)
    if settings.environments and environment not in settings.environments:
        return Heard(ignored=f"the environment '{environment}' is not among github.environments")
    if deployment.transient_environment and not settings.environments:
        return Heard(ignored=f"the environment '{environment}' is transient")
    repository = event.repository.name
    said = text(status.description, 500)
    return Heard(
        Alert(
            type=IncidentType.DEPLOYMENT_FAILURE,
            service=service_of(event.repository, settings),
            description=f"Deployment {deployment.id} of {repository} at {deployment.sha[:12]} to"
            f" {environment or 'an environment'}: {status.state}" + (f" ({said})" if said else ""),
            detected_at=status.created_at or utc_now(),
            source="github",
            dedup_key=f"{event.repository.key}:deployment:{deployment.id}",
            names_one_occurrence=True,
            details=details(
                repository=repository,
                deployment=deployment.id,
                environment=environment,
                sha=text(deployment.sha, 100),
                ref=text(deployment.ref, 300),
                url=text(status.target_url, 1000) or text(status.log_url, 1000),
            ),
        )
    )


def _code_scanning(data: Any, settings: GithubSettings) -> Heard:
    event = _CodeScanning.model_validate(data)
    if event.action in ENDS["code_scanning_alert"] and event.alert.state == "open":
        return Heard(ignored="fixed in one branch, and still open in another")
    if event.action in OPENS["code_scanning_alert"] and (
        why := unreleased(text(event.ref, 300), settings)
    ):
        return Heard(ignored=why)
    more = details(ref=text(event.ref, 300), commit=text(event.commit_oid, 100))
    return _alert(
        "code_scanning_alert", event, code_finding(event.alert), event.alert, settings, more
    )


def _dependabot(data: Any, settings: GithubSettings) -> Heard:
    event = _Dependabot.model_validate(data)
    return _alert("dependabot_alert", event, dependency_finding(event.alert), event.alert, settings)


def _secret_scanning(data: Any, settings: GithubSettings) -> Heard:
    event = _SecretScanning.model_validate(data)
    if event.action == "validated" and event.alert.validity != "active":
        return Heard(ignored="the secret was checked, and does not work")
    leaked = event.action == "publicly_leaked"
    finding = secret_finding(event.alert, publicly_leaked=leaked)
    return _alert("secret_scanning_alert", event, finding, event.alert, settings)


def _alert(
    kind: str,
    event: Event,
    finding: Finding,
    alert: CodeScanning | Dependabot | SecretScanning,
    settings: GithubSettings,
    more: dict[str, Any] | None = None,
) -> Heard:
    """One incident for each alert while it is open; a new one when the alert is reopened."""
    if event.action not in OPENS[kind] | ENDS[kind]:
        return Heard(ignored=f"{kind}: '{text(event.action, 60)}' is no news")
    repository = event.repository.name
    words = kind.replace("_", " ").capitalize()
    where = f" in {finding.where}" if finding.where else ""
    return Heard(
        Alert(
            type=IncidentType.SECURITY,
            severity=finding.severity,
            service=service_of(event.repository, settings),
            description=f"{words} #{alert.number} of {repository}: {finding.id}{where}"
            + (f": {finding.title}" if finding.title else ""),
            detected_at=_since(event.action, alert.created_at, alert.updated_at),
            source="github",
            dedup_key=f"{event.repository.key}:{kind}:{alert.number}",
            details={
                FINDINGS: [finding.to_json()],
                **details(
                    repository=repository,
                    alert=alert.number,
                    action=event.action,
                    url=text(alert.html_url, 1000),
                ),
                **(more or {}),
            },
        ),
        is_over=event.action in ENDS[kind],
    )


def _since(action: str, created: UtcDatetime | None, updated: UtcDatetime | None) -> UtcDatetime:
    """When the alert was created, or for a later action when it was updated."""
    return (created if action == "created" else updated) or utc_now()


_READERS: dict[str, Callable[[Any, GithubSettings], Heard]] = {
    "deployment_status": _deployment_status,
    "code_scanning_alert": _code_scanning,
    "dependabot_alert": _dependabot,
    "secret_scanning_alert": _secret_scanning,
    "workflow_run": workflow_run,
    "check_run": check_run,
}
