"""What a SARIF run says about itself: whether the scan succeeded, and looked at anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.findings.sarif.models import Invocation, Notification, Run
from tasks.reports.report_json import each, text


def failures_of(run: Run, tool: str) -> Iterator[str]:
    """What went wrong, by each invocation.

    3.20.14: `executionSuccessful` is false when the tool failed. 3.58.6: a notification of
    level `error` means that the run could not do all of what it was to do.
    """
    for invocation in each(Invocation, run.invocations, "invocations"):
        errors = [
            text(said.message.text, 150) or "an error without a message"
            for notifications in (
                invocation.tool_execution_notifications,
                invocation.tool_configuration_notifications,
            )
            for said in each(Notification, notifications, "notifications")
            if said.level == "error"
        ]
        if invocation.execution_successful is False or errors:
            reasons = [*_ends(invocation), *errors[:3]]
            yield f"{tool}: " + ("; ".join(reasons) or "it does not say why")


def _ends(invocation: Invocation) -> Iterator[str]:
    """How the tool's process ended."""
    if invocation.exit_code:
        yield f"exit code {invocation.exit_code}"
    for said in (
        invocation.exit_code_description,
        invocation.exit_signal_name,
        invocation.process_start_failure_message,
    ):
        if words := text(said, 150):
            yield words


def nothing_looked_at(run: Run, tool: str) -> str:
    """Why this run's silence says nothing; empty when it may have looked at something.

    3.14.23: a tool that found nothing writes an empty list of results; one that did not look
    writes none.
    """
    if run.results is None:
        return f"{tool} wrote no `results`: it did not look"
    if not run.results and _lines(run.properties) == 0:
        return f"{tool} looked at 0 lines of code: is the path right?"
    return ""


def _lines(properties: Any) -> int | None:
    """The lines that Bandit has looked at; None when it is not said."""
    for name in ("metrics", "_totals", "loc"):
        if not isinstance(properties, dict):
            return None
        properties = properties.get(name)
    return properties if isinstance(properties, int) else None
