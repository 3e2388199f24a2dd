"""`/v1/refused`: what was refused, for admins, and taken after all once a mapping is mended."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI, HTTPException
from starlette.concurrency import run_in_threadpool

from deployments.intake.authentication import Guards
from deployments.intake.refused.replay import Replay
from schemas.people import Actor, Right
from tasks.store import Store


def add_refused(app: FastAPI, store: Store, guards: Guards, replays: Replay) -> None:
    """Add `GET /v1/refused` and `POST /v1/refused/NUMBER/replay`."""
    admin = Depends(guards.person(Right.ADMIN))

    @app.get("/v1/refused", dependencies=[admin])
    def listed() -> list[dict[str, Any]]:
        """What is kept, the newest first."""
        return [refusal.to_json() for refusal in store.refused.all()]

    @app.post("/v1/refused/{number}/replay")
    async def replay(number: int, actor: Actor = admin) -> dict[str, Any]:
        """Take a body as if it came now; 422 when it is still refused, and kept."""
        refusal = await run_in_threadpool(store.refused.one, number)
        if refusal is None:
            raise HTTPException(404, f"nothing refused has the number {number}: was it taken?")
        return await run_in_threadpool(replays.run, refusal, actor.on_record)
