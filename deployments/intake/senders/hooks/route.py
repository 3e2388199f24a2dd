"""`POST /v1/hooks/NAME`: takes what a sender of the settings writes, by its mapping."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from deployments.intake.acceptance import Acceptance
from deployments.intake.bodies import raw_body
from deployments.intake.senders.hooks.proof import require_proof
from deployments.intake.senders.hooks.read import Heard, read_body
from deployments.intake.senders.hooks.sns import Sns
from deployments.web.own_threads import OwnThreads
from schemas.hooks import Hook, Proof
from schemas.settings import Settings

READERS_AT_ONCE = 4
ASKING_AT_ONCE = 2
READ_SECONDS = 15.0


class Hooks:
    """The hooks of the settings, and what is done with a body of one."""

    def __init__(self, settings: Settings, acceptance: Acceptance) -> None:
        self._hooks = settings.hooks
        self._acceptance = acceptance
        self._threads = OwnThreads("reading a hook's body", READERS_AT_ONCE, READ_SECONDS)
        # Amazon is asked for its certificate first: that must not hold up the other hooks.
        self._asking = OwnThreads("asking Amazon", ASKING_AT_ONCE, READ_SECONDS)
        self._sns = Sns(settings)

    def named(self, name: str) -> Hook:
        """The hook. Raises 404 that says where hooks are made."""
        if (hook := self._hooks.get(name)) is None:
            raise HTTPException(
                404, "no hook has this name: add [hooks.NAME] to aeef.toml and restart the intake"
            )
        return hook

    async def take(self, name: str, body: bytes) -> dict[str, Any]:
        """Take a body, whoever sent it; what was opened, resolved or ignored.

        Raises InvalidInput when anything in it could not be taken.
        """
        hook = self.named(name)
        threads = self._asking if hook.proof is Proof.SNS else self._threads
        heard = await threads.run(self._read, name, hook, body)
        firing, over = heard.parted
        opened = await self._acceptance.accept(firing)
        return heard.answer(opened, await self._acceptance.resolve(over))

    def _read(self, name: str, hook: Hook, body: bytes) -> Heard:
        """Amazon's messages have their proof in them; who sends to other hooks is proven before."""
        heard = self._sns.receive(name, hook, body) if hook.proof is Proof.SNS else None
        return heard or read_body(name, hook, body)

    def take_now(self, name: str, body: bytes) -> dict[str, Any]:
        """As `take`, in the caller's thread, for a body whose sender was proven when it came."""
        heard = read_body(name, self.named(name), body)
        firing, over = heard.parted
        opened = self._acceptance.accept_all(firing)
        return heard.answer(opened, self._acceptance.resolve_all(over))


def add_hooks(app: FastAPI, settings: Settings, acceptance: Acceptance) -> Hooks:
    """Add `/v1/hooks/NAME`: 202 taken, 200 no news, 401 without the hook's own proof."""
    read = raw_body(settings.intake.max_body_bytes)
    hooks = Hooks(settings, acceptance)

    @app.post("/v1/hooks/{name}", status_code=202, response_model=None)
    async def hook(name: str, request: Request, body: bytes = Depends(read)) -> JSONResponse:
        require_proof(name, hooks.named(name), request, body)
        taken = await hooks.take(name, body)
        return JSONResponse(taken, status_code=200 if "ignored" in taken else 202)

    return hooks
