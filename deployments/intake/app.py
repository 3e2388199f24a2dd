"""The intake: an ASGI application that receives alerts and shows incidents."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from deployments.intake.acceptance import Acceptance
from deployments.intake.authentication import Guards
from deployments.intake.bodies import json_body
from deployments.intake.channels.pagerduty import add_pagerduty
from deployments.intake.channels.slack import add_slack
from deployments.intake.door import Door
from deployments.intake.health import Health
from deployments.intake.intervals import USUAL, Timing
from deployments.intake.metrics.metrics import Metrics
from deployments.intake.pages.routes import add_pages
from deployments.intake.people_api import add_people_api
from deployments.intake.protection import Protection
from deployments.intake.refused.add import add_reception
from deployments.intake.refused.reception import WATCHDOG
from deployments.intake.senders.alertmanager import read_webhook
from deployments.intake.senders.alerts import read_alerts
from deployments.intake.senders.findings import add_findings
from deployments.intake.senders.github.route import add_github
from deployments.intake.senders.hooks.route import add_hooks
from deployments.web.own_threads import OwnThreads
from schemas.errors import AeefError, ConfigurationError, IncidentNotFound, InvalidInput
from schemas.settings import Settings, load_settings
from tasks.base.network.connections import keep_connections
from tasks.channels.channels import require_known_channels
from tasks.store import Store, open_store

RETRY_AFTER = "5"
SCRAPES_AT_ONCE = 2
SCRAPE_SECONDS = 10.0

log = logging.getLogger("aeef.intake")


def create_app(settings: Settings | None = None, timing: Timing = USUAL) -> FastAPI:
    """The application: `uvicorn --factory deployments.intake.app:create_app`.

    Raises ConfigurationError when there is no token, or a route names an unknown channel.
    """
    given, settings = settings, settings or load_settings()
    require_known_channels(settings)
    store = open_store(settings)
    current = None if given else _Current(settings)
    door = Door(settings, store, timing, current)
    guards = Guards(settings, store, current)
    guard = Depends(guards.sender)
    metrics = Metrics(store, settings)
    acceptance = Acceptance(door, metrics, settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with keep_connections(settings), reception.running():
            door.start()
            yield
            await run_in_threadpool(door.stop)

    app = FastAPI(title="AEEF Runbooks", lifespan=lifespan, openapi_url=None)
    app.add_middleware(
        Protection, settings=settings, visitors=guards.visitors, answered=metrics.answered
    )
    body = Depends(json_body(settings.intake.max_body_bytes))
    _say_what_is_wrong(app, store)

    @app.post("/v1/alerts", status_code=202, dependencies=[guard])
    async def alerts(data: Any = body) -> dict[str, Any]:
        """Our own JSON, one alert or a list; if one is invalid, none is accepted."""
        parsed = read_alerts(data)
        accepted = await acceptance.accept(parsed)
        return {"incidents": accepted} if isinstance(data, list) else accepted[0]

    @app.post("/v1/alertmanager", status_code=202, dependencies=[guard])
    async def alertmanager(data: Any = body) -> dict[str, Any]:
        """Alertmanager's webhook: what fires opens incidents, what is over ends or proposes it."""
        received, watchdog = read_webhook(data)
        if watchdog:
            reception.heard(WATCHDOG)
        firing = [each.alert for each in received if not each.is_over]
        accepted = await acceptance.accept(firing)
        over = [each.alert for each in received if each.is_over]
        return {"incidents": accepted, **await acceptance.resolve(over)}

    _add_probes(app, door.health, metrics)
    add_findings(app, settings, acceptance, guard)
    add_github(app, settings, acceptance)
    hooks = add_hooks(app, settings, acceptance)
    reception = add_reception(app, settings, store, acceptance, metrics, hooks, guards, timing)
    now = current or (lambda: settings)
    add_pagerduty(app, settings, now)
    add_slack(app, settings, now)
    add_pages(app, now, store, guards)
    add_people_api(app, store, guards, now)
    return app


def _add_probes(app: FastAPI, health: Health, metrics: Metrics) -> None:
    scrapes = OwnThreads("metrics", SCRAPES_AT_ONCE, SCRAPE_SECONDS)

    @app.get("/health")
    async def taken_and_paged() -> JSONResponse:
        """200 if an alert would be taken and paged: what a balancer asks; else 503 with why."""
        problems = health.problems
        status = "failing" if problems else "ok"
        content = {"status": status, "problems": problems, "warnings": health.warnings}
        return JSONResponse(content, status_code=503 if problems else 200)

    @app.get("/ready")
    async def carried_out() -> JSONResponse:
        """200 if a runbook would run, too: Prefect, its automations and a worker are there."""
        problems = health.not_ready
        status = "failing" if problems else "ok"
        return JSONResponse(
            {"status": status, "problems": problems}, status_code=503 if problems else 200
        )

    @app.get("/metrics")
    async def scrape() -> Response:
        """Prometheus' text format."""
        content, media_type = await scrapes.run(metrics.render)
        return Response(content, media_type=media_type)


class _Current:
    """The settings as they are now; while they cannot be read, the last ones that could.

    Not those of the start: who was taken out since must not come back by a typing error.
    """

    def __init__(self, at_start: Settings) -> None:
        self._last = at_start
        self._problem = ""

    def __call__(self) -> Settings:
        problem = ""
        try:
            self._last = load_settings()
        except ConfigurationError as error:
            problem = str(error)
        if problem and problem != self._problem:
            log.warning("the settings are the last ones that could be read: %s", problem)
        self._problem = problem
        return self._last


def _say_what_is_wrong(app: FastAPI, store: Store) -> None:
    """Our errors as HTTP: the sender's mistake 422, an unknown incident 404, else 503 with a retry.

    An error names the sender's fields, which may contain anything: so it is masked too.
    """

    @app.exception_handler(InvalidInput)
    async def invalid(_request: Request, error: InvalidInput) -> JSONResponse:
        return JSONResponse({"detail": store.masked_text(str(error))}, status_code=422)

    @app.exception_handler(IncidentNotFound)
    async def absent(_request: Request, error: IncidentNotFound) -> JSONResponse:
        return JSONResponse({"detail": store.masked_text(str(error))}, status_code=404)

    async def unable(_request: Request, error: Exception) -> JSONResponse:
        log.error("%s", error)
        return JSONResponse(
            {"detail": f"this could not be done now, try it again: {error}"},
            status_code=503,
            headers={"Retry-After": RETRY_AFTER},
        )

    app.add_exception_handler(AeefError, unable)
