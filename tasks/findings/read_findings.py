"""Reads a scanner's report: SARIF 2.1.0, or the JSON of pip-audit, Trivy or osv-scanner."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from schemas.errors import InvalidInput
from schemas.findings import Findings, collect
from tasks.findings.read_osv import OsvScanner
from tasks.findings.read_pip_audit import PipAudit
from tasks.findings.read_sarif import Sarif
from tasks.findings.read_trivy import Trivy
from tasks.reports.report_files import shown, wrong
from tasks.reports.report_json import load_report

MOST_BYTES = 50_000_000
"""Maximum size of a report; a larger one is refused."""

FORMATS = "SARIF 2.1.0, or JSON of pip-audit, Trivy or osv-scanner"

Report = Sarif | PipAudit | Trivy | OsvScanner


def read_findings(content: bytes, name: str, most_bytes: int = MOST_BYTES) -> Findings:
    """The findings of a report without duplicates, worst first; detects the format.

    Raises only InvalidInput, which names the report and the problem.
    """
    data = load_report(content, name, most_bytes)
    try:
        report = _report(data)
        found = collect(report.findings(), report.tools)
    except (InvalidInput, ValueError) as error:
        raise wrong(name, str(error)) from None
    except RecursionError:
        raise wrong(name, "it is nested too deeply") from None
    # The readers know their tools, and the skipped dependencies, only at the end.
    return found.model_copy(
        update={
            "tools": tuple(sorted(set(report.tools))),
            "not_checked": getattr(report, "not_checked", 0),
        }
    )


def read_findings_file(path: Path, most_bytes: int = MOST_BYTES) -> Findings:
    """The findings of a report file. Raises InvalidInput as `read_findings`."""
    return read_findings(read_file(path, most_bytes), str(path), most_bytes)


def read_file(path: Path, most_bytes: int) -> bytes:
    """Read a regular file of at most `most_bytes`. Raises InvalidInput that names the problem."""
    try:
        # Opening a named pipe must not block until somebody writes to it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidInput(f"{shown(str(path))} is not a plain file")
            content = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidInput(f"{shown(str(path))} cannot be read: {reason}") from None
    if len(content) > most_bytes:
        raise InvalidInput(f"{shown(str(path))} is larger than {most_bytes} bytes")
    return content


def _report(data: Any) -> Report:
    """The reader for this format. Raises ValueError when it is unknown."""
    if isinstance(data, list):
        first = data[0] if data else {"name": "", "vulns": []}
        if _is_dependency(first):
            return PipAudit(data)
        if isinstance(first, dict) and "Target" in first:
            return Trivy(data)
    if isinstance(data, dict):
        if "runs" in data:
            return Sarif(data)
        if _is_pip_audit(data):
            return PipAudit(data)
        if "Results" in data or ("SchemaVersion" in data and "ArtifactName" in data):
            return Trivy(data)
        if _is_osv(data):
            return OsvScanner(data)
    raise ValueError(f"it is none of the formats that are known: {FORMATS}")


def _is_pip_audit(data: dict[str, Any]) -> bool:
    dependencies = data.get("dependencies")
    if not isinstance(dependencies, list) or "bomFormat" in data:
        return False
    return all(_is_dependency(each) for each in dependencies[:1])


def _is_dependency(part: Any) -> bool:
    """True for pip-audit's dependencies; a bill of materials has `dependencies` too."""
    return isinstance(part, dict) and "name" in part and ("vulns" in part or "skip_reason" in part)


def _is_osv(data: dict[str, Any]) -> bool:
    """True for `results` with packages; other scanners' `results` have none."""
    results = data.get("results", False)
    if results is None or results == []:
        return not {"errors", "metrics", "generated_at"} & set(data)
    return isinstance(results, list) and isinstance(results[0], dict) and "packages" in results[0]
