"""`POST /v1/findings`: a scanner's own report becomes an incident."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.params import Depends as Guarded
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from deployments.acceptance import Acceptance
from deployments.bodies import raw_body
from schemas.findings import alert_data
from schemas.settings import Settings
from tasks.open_incident import parse_alert
from tasks.read_findings import read_findings

NAME = "in the body"


def add_findings(app: FastAPI, settings: Settings, acceptance: Acceptance, guard: Guarded) -> None:
    """Add `/v1/findings?service=S`: 202 with the incident, 200 when the report has no finding."""
    limit = settings.intake.max_report_bytes
    body = Depends(raw_body(limit))
    # Reading a large report takes memory: one at a time. Whoever waits holds up no other request.
    one_at_a_time = asyncio.Lock()

    @app.post("/v1/findings", status_code=202, dependencies=[guard], response_model=None)
    async def findings(
        service: str, severity: str | None = None, report: bytes = body
    ) -> dict[str, Any] | JSONResponse:
        async with one_at_a_time:
            scan = await run_in_threadpool(read_findings, report, NAME, limit)
        if not scan.findings:
            return JSONResponse({"findings": 0, "notChecked": scan.not_checked})
        alert = parse_alert(alert_data(scan, service, source="findings", severity=severity))
        (answer,) = await run_in_threadpool(acceptance.accept_all, [alert])
        return answer | {"findings": scan.total}
