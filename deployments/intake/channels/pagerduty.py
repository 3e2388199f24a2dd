"""`POST /v1/pagerduty`: PagerDuty's webhooks v3, after their signature is checked."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse

from deployments.intake.bodies import parse_json
from deployments.intake.channels.signatures import PagerDutyBody
from deployments.web.own_threads import OwnThreads
from schemas.settings import Settings
from tasks.channels.pagerduty.webhook import read_webhook
from tasks.people.pagerduty.take_in import take_in

AT_ONCE = 8
DEADLINE = 4.0
"""Seconds. PagerDuty waits for 5, and sends again what was not answered 2xx."""


def add_pagerduty(app: FastAPI, at_start: Settings, now: Callable[[], Settings]) -> None:
    """Add `/v1/pagerduty`. It needs no token: PagerDuty signs what it sends.

    now: the settings as they are now, for people who were added since the start.
    """
    threads = OwnThreads("PagerDuty's webhook", AT_ONCE, DEADLINE)
    body = Depends(PagerDutyBody(at_start.pagerduty.secrets))

    @app.post("/v1/pagerduty", response_model=None)
    async def pagerduty(raw: bytes = body) -> JSONResponse:
        """202 with what came of it; 200 with the reason if it is ignored: never 4xx for what is
        signed, as PagerDuty sends nothing more for a day after three of those.
        """
        heard = read_webhook(parse_json(raw))
        if not heard.is_about_an_incident:
            return JSONResponse({"ignored": f"nothing is done with {heard.event_type[:60]}"})
        taken = await threads.run(take_in, heard, now())
        return JSONResponse(taken.in_words, status_code=200 if taken.is_ignored else 202)
