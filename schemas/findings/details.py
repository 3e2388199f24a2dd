"""Findings in an alert's details: written by a sender, validated again when read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from schemas.errors import InvalidInput
from schemas.findings.finding import Finding
from schemas.findings.findings import (
    FINDINGS,
    INCOMPLETE,
    LEFT_OUT,
    LONGEST,
    LONGEST_FAILURE,
    MOST_FINDINGS,
    NOT_CHECKED,
    PATCH,
    SHORTEST_LIMIT,
    Count,
    Failures,
    Findings,
)
from schemas.incident import Alert, IncidentType, Severity


def alert_data(
    scan: Findings, service: str | None, *, source: str, severity: Severity | str | None = None
) -> dict[str, Any]:
    """The alert JSON for a scan's findings: one incident per service and scanner."""
    worst = scan.worst.severity if scan.worst else None
    service = (service or "").strip() or None
    return {
        "type": IncidentType.SECURITY,
        "severity": severity or worst,
        "service": service,
        "description": scan.sentence[:20_000],
        "source": source,
        "dedupKey": f"findings:{service or ''}:{','.join(scan.tools)}"[:1000],
        "details": details_of(scan),
    }


def details_of(scan: Findings) -> dict[str, Any]:
    """The findings in the form of an alert's `details`."""
    details: dict[str, Any] = {FINDINGS: [each.to_json() for each in scan.findings]}
    details |= {LEFT_OUT: scan.left_out} if scan.left_out else {}
    details |= {NOT_CHECKED: scan.not_checked} if scan.not_checked else {}
    details |= {INCOMPLETE: list(scan.incomplete)} if scan.incomplete else {}
    return details


_LIST = TypeAdapter(Annotated[tuple[Finding, ...], Field(max_length=MOST_FINDINGS)])


_COUNT = TypeAdapter(Count)


_FAILURES = TypeAdapter(Failures)


_TEXT = TypeAdapter(str | None)


def findings_of(alert: Alert) -> tuple[Finding, ...]:
    """The findings in an alert, in its order; empty when it has none.

    A text that masking made too long is trimmed.
    Raises InvalidInput that names the wrong field.
    """
    found: tuple[Finding, ...] = _checked(_LIST, alert, FINDINGS, (), _fitting)
    return found


def _fitting(data: Any) -> Any:
    """The findings with every text trimmed to its limit."""
    if isinstance(data, list | tuple):
        return [_fitting(each) for each in data]
    if not isinstance(data, dict):
        return data[:SHORTEST_LIMIT] if isinstance(data, str) else data
    return {
        name: value[: LONGEST.get(name, SHORTEST_LIMIT)]
        if isinstance(value, str)
        else _fitting(value)
        for name, value in data.items()
    }


def _failures(data: Any) -> Any:
    """The failures, trimmed: masking may have made one too long."""
    if not isinstance(data, list | tuple):
        return data
    return [each[:LONGEST_FAILURE] if isinstance(each, str) else each for each in data]


def patch_of(alert: Alert) -> str | None:
    """The patch in an alert, a unified diff; its content is not checked.

    Raises InvalidInput when it is not text.
    """
    patch: str | None = _checked(_TEXT, alert, PATCH, None)
    return patch or None


def scan_of(alert: Alert) -> Findings:
    """The findings of an alert, with the scan's tools and counts.

    Raises InvalidInput that names the wrong field.
    """
    found = findings_of(alert)
    return Findings(
        tools=tuple(sorted({each.tool for each in found})),
        findings=tuple(sorted(found, key=lambda each: each.severity)),
        left_out=_checked(_COUNT, alert, LEFT_OUT, 0),
        not_checked=_checked(_COUNT, alert, NOT_CHECKED, 0),
        incomplete=_checked(_FAILURES, alert, INCOMPLETE, (), _failures),
    )


def check_details(alert: Alert) -> Alert:
    """The alert unchanged; raises InvalidInput when its findings or patch cannot be read."""
    _checked(_LIST, alert, FINDINGS, ())
    scan_of(alert)
    patch_of(alert)
    return alert


def _checked(
    kind: TypeAdapter[Any],
    alert: Alert,
    name: str,
    absent: Any,
    prepare: Callable[[Any], Any] = lambda data: data,
) -> Any:
    if alert.details.get(name) is None:
        return absent
    try:
        return kind.validate_python(prepare(alert.details[name]))
    except ValidationError as error:
        problems = "; ".join(
            ".".join(("details", name, *(str(part) for part in each["loc"]))) + f": {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)[:5]
        )
        raise InvalidInput(f"not a valid alert: {problems}") from None
