"""`aeef report security --findings …`: reads scanners' reports, and builds one alert from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from schemas.errors import InvalidInput
from schemas.findings import PATCH, Findings, alert_data, details_of, join
from schemas.settings import Settings
from tasks.findings.read_findings import read_file, read_findings_file
from tasks.reports.report_files import shown

ENVELOPE = 50_000
"""Bytes that the rest of an alert may take."""


def with_findings(
    alert: Mapping[str, Any],
    reports: Sequence[Path],
    patch: Path | None,
    settings: Settings,
    *,
    as_json: bool,
) -> dict[str, Any]:
    """The alert with the findings of the reports; empty when there are none.

    Values given by hand (severity, description) win. Raises InvalidInput that names the file.
    """
    limit = settings.intake.max_body_bytes
    text = _patch(patch, limit) if patch else None
    # JSON with escapes: what a client may make of it at most.
    room = limit - min(ENVELOPE, limit // 10) - (len(json.dumps(text)) if text else 0)
    if room <= 0:
        raise InvalidInput(
            f"{patch} is too large to send: the intake takes {limit} bytes"
            " (AEEF_INTAKE__MAX_BODY_BYTES)"
        )
    given = {name: value for name, value in alert.items() if value not in (None, "")}
    if not reports:
        return given | {"details": {PATCH: text}}
    scan = join(read_findings_file(path, settings.intake.max_report_bytes) for path in reports)
    if not (scan.findings or text or "description" in given):
        _say({"findings": 0, "notChecked": scan.not_checked}, scan.sentence, as_json=as_json)
        return {}
    sent = _fitting(scan, room)
    if sent.left_out:
        typer.echo(f"the {len(sent.findings)} worst of {sent.total} findings are sent", err=True)
    data = alert_data(sent, given.get("service"), source="cli") | given
    return data | {"details": details_of(sent) | ({PATCH: text} if text else {})}


def _patch(path: Path, limit: int) -> str:
    try:
        return read_file(path, limit).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(f"{shown(str(path))} is not UTF-8 text") from None


def _fitting(scan: Findings, room: int) -> Findings:
    """As many of the findings, the worst first, as the intake accepts."""
    size = 0
    for number, finding in enumerate(scan.findings):
        size += len(json.dumps(finding.to_json())) + 2
        if size > room:
            return scan.cut(number)
    return scan


def _say(data: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(data, indent=2) if as_json else f"{text}: nothing to report")
