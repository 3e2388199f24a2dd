"""`POST /v1/github`: receives GitHub's webhooks after checking their signature."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from deployments.intake.acceptance import Acceptance
from deployments.intake.bodies import parse_json
from deployments.intake.senders.github.signature import SignedBody
from deployments.intake.senders.github.webhooks import read_event
from schemas.errors import InvalidInput
from schemas.settings import Settings


def add_github(app: FastAPI, settings: Settings, acceptance: Acceptance) -> None:
    """Add `/v1/github`. It needs no token: GitHub cannot send one, but signs its messages."""
    body = Depends(SignedBody(settings.github.secrets, settings.intake.max_body_bytes))

    @app.post("/v1/github", status_code=202, response_model=None)
    async def github(request: Request, raw: bytes = body) -> dict[str, Any] | JSONResponse:
        """202 with what was opened or resolved; 200 with the reason if it is ignored."""
        if request.headers.get("content-type", "").startswith("application/x-www-form"):
            raise InvalidInput("choose the content type application/json in the webhook's settings")
        event = request.headers.get("x-github-event", "")
        if event == "ping":
            return JSONResponse({"ok": "webhooks of this repository are taken"})
        # A message without an id is identified by its content, so that it is not handled twice.
        delivery = request.headers.get("x-github-delivery") or hashlib.sha256(raw).hexdigest()
        heard = read_event(event, parse_json(raw), delivery, settings.github)
        if heard.alert is None:
            return JSONResponse({"ignored": heard.ignored})
        if heard.is_over:
            return {"incidents": [], **await acceptance.resolve([heard.alert])}
        opened = await acceptance.accept([heard.alert])
        return {"incidents": opened, "resolved": [], "proposed": []}
