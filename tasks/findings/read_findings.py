"""Reads a scanner's report, of any format that one of `READERS` knows."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from schemas.errors import InvalidInput
from schemas.findings import LONGEST_FAILURE, MOST_FAILURES, Findings, collect
from tasks.base.trim import trim
from tasks.findings import (
    read_cyclonedx,
    read_gitleaks,
    read_grype,
    read_npm_audit,
    read_osv,
    read_pip_audit,
    read_sarif,
    read_semgrep,
    read_trivy,
)
from tasks.findings.reader import Reader, Report
from tasks.findings.unread import not_json, seen_in
from tasks.reports.report_files import shown, wrong
from tasks.reports.report_json import load_report

MOST_BYTES = 50_000_000
"""Maximum size of a report; a larger one is refused."""

READERS: tuple[Reader, ...] = (
    read_sarif,
    read_cyclonedx,
    read_gitleaks,
    read_pip_audit,
    read_trivy,
    read_semgrep,
    read_npm_audit,
    read_grype,
    read_osv,
)
"""Asked in this order; the first that says so reads the report."""

FORMATS = f"{READERS[0].NAME}, or the JSON of " + ", ".join(reader.NAME for reader in READERS[1:])


def read_findings(content: bytes, name: str, most_bytes: int = MOST_BYTES) -> Findings:
    """The findings of a report without duplicates, worst first; detects the format.

    Raises only InvalidInput, which names the report and the problem: also when the scan failed,
    or looked at nothing, and there is no finding.
    """
    try:
        data = load_report(content, name, most_bytes)
    except InvalidInput as error:
        if (known := not_json(content)) and len(content) <= most_bytes:
            raise wrong(name, known) from None
        raise error from None
    try:
        report = _reader(data).read(data)
        found = collect(report.findings, report.tools)
    except (InvalidInput, ValueError) as error:
        raise wrong(name, str(error)) from None
    except RecursionError:
        raise wrong(name, "it is nested too deeply") from None
    if not found.findings:
        _refuse_silence(report, name)
    # The readers know their tools, and what went wrong, only at the end.
    return found.model_copy(
        update={
            "tools": tuple(sorted(set(report.tools))),
            "not_checked": report.not_checked,
            "incomplete": tuple(
                trim(failure, LONGEST_FAILURE)
                for failure in dict.fromkeys(report.failures[:MOST_FAILURES])
            ),
        }
    )


def _refuse_silence(report: Report, name: str) -> None:
    """Raise InvalidInput where no finding does not mean that nothing is wrong."""
    if report.failures:
        reasons = trim("; ".join(report.failures[:3]), 500).rstrip(".")
        raise InvalidInput(
            f"report {shown(name)}: the scanner says that it did not succeed: {reasons}."
            " That it names no finding means nothing: mend the scan and send it again"
        )
    if report.looked_at_nothing:
        raise InvalidInput(
            f"report {shown(name)}: nothing was scanned: {trim(report.looked_at_nothing, 500)}"
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


def _reader(data: Any) -> Reader:
    """The reader for this format. Raises ValueError that says what was seen, when none is."""
    for reader in READERS:
        if reader.is_mine(data):
            return reader
    raise ValueError(f"it is {seen_in(data)}. It is none of the formats that are known: {FORMATS}")
