"""`POST /v1/findings`: opens an incident from a scanner's report."""

from __future__ import annotations

import asyncio
from typing import Any

from anyio import BrokenWorkerProcess, to_process
from fastapi import Depends, FastAPI
from fastapi.params import Depends as Guarded
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from deployments.intake.acceptance import Acceptance
from deployments.intake.bodies import raw_body
from schemas.errors import InvalidInput, TemporaryError
from schemas.findings import Findings, alert_data
from schemas.settings import Settings
from tasks.findings.read_findings import read_findings
from tasks.incident.open_incident import parse_alert

NAME = "in the body"
LARGE = 1_000_000
"""A report of this many bytes or more is parsed in another process, so that no alert waits."""
READ_SECONDS = 120.0
"""For a report's turn and its parsing together."""


def add_findings(app: FastAPI, settings: Settings, acceptance: Acceptance, guard: Guarded) -> None:
    """Add `/v1/findings?service=S`: 202 with the incident, 200 when the report has no finding."""
    limit = settings.intake.max_report_bytes
    body = Depends(raw_body(limit))
    # Parsing takes memory, so one report at a time. A waiting request blocks no other route.
    one_at_a_time = asyncio.Lock()

    @app.post("/v1/findings", status_code=202, dependencies=[guard], response_model=None)
    async def findings(
        service: str, severity: str | None = None, report: bytes = body
    ) -> dict[str, Any] | JSONResponse:
        scan = await _in_turn(one_at_a_time, report, limit)
        if not scan.findings:
            return JSONResponse({"findings": 0, "notChecked": scan.not_checked})
        alert = parse_alert(alert_data(scan, service, source="findings", severity=severity))
        (answer,) = await acceptance.accept([alert])
        incomplete = {"incomplete": list(scan.incomplete)} if scan.incomplete else {}
        return answer | {"findings": scan.total} | incomplete


async def _in_turn(one_at_a_time: asyncio.Lock, report: bytes, limit: int) -> Findings:
    try:
        async with asyncio.timeout(READ_SECONDS), one_at_a_time:
            return await _read(report, limit)
    except TimeoutError:
        raise TemporaryError(
            "reading the report", f"took longer than {READ_SECONDS:g} s, or waited for another"
        ) from None


async def _read(report: bytes, limit: int) -> Findings:
    """The report's findings. Raises InvalidInput."""
    if len(report) < LARGE:
        return await run_in_threadpool(read_findings, report, NAME, limit)
    try:
        return await to_process.run_sync(read_findings, report, NAME, limit, cancellable=True)
    except BrokenWorkerProcess:
        raise InvalidInput(
            f"report {NAME} cannot be read: its reader died, perhaps for want of memory; split it"
        ) from None
