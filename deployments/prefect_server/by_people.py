"""Puts on record what people do in Prefect's UI: what, when, and from where."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import uuid4

import httpx

from deployments.prefect_server.acts import Act, act_of, json_object
from deployments.prefect_server.spool import Kept, Spool
from deployments.web.asgi import Application, Message, Receive, Scope, Send
from schemas.people import Actor

LOOK_SECONDS, WRITE_SECONDS = 2.0, 2.0
"""How long a person waits for it at most; then it is done without."""
MOST_BYTES = 1 << 16
MOST_AT_ONCE = 200
"""So many entries for one request at most; Prefect changes up to 50 runs by one."""
LONGEST = 200

log = logging.getLogger("aeef.people")


class Answer(NamedTuple):
    """What Prefect answered."""

    status: int
    said: Mapping[str, Any]

    def about(self, changed: Mapping[str, Any]) -> str:
        """What became of it. A state that is not accepted is answered with 200 as well."""
        if self.status >= HTTPStatus.BAD_REQUEST:
            failed = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            return f"Prefect {'failed' if failed else 'refused it'} ({self.status})"
        said = self.said
        for each in said.get("results", ()):
            if each.get("flow_run_id") == changed.get("id"):
                said = each
        if said.get("status") in ("REJECT", "ABORT", "WAIT"):
            reason = str((said.get("details") or {}).get("reason") or "no reason given")[:LONGEST]
            return f"not accepted by Prefect ({reason})"
        return "accepted"


class People:
    """Lets requests of people through to Prefect, and keeps what they did."""

    def __init__(self, spool: Spool, prefect: Application) -> None:
        self._spool = spool
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(prefect, raise_app_exceptions=False),
            base_url="http://prefect/api/",
            timeout=LOOK_SECONDS,
        )

    async def on_record(
        self, prefect: Application, scope: Scope, receive: Receive, send: Send, actor: Actor
    ) -> None:
        """Serve a request that changes something; what it did is on disk before its answer is."""
        messages, body = await _whole(receive)
        act = act_of(scope["method"], scope["path"], body)
        objects = await self._objects(act, body)
        status, answered = 500, bytearray()

        async def heard(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif len(answered) < MOST_BYTES:
                answered.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                answer = Answer(status, json_object(bytes(answered)))
                await self._keep(act, objects or [{}], answer, scope, actor)
            await send(message)

        async def again() -> Message:
            return messages.pop(0) if messages else await receive()

        try:
            await prefect(scope, again, heard)
        except Exception:
            # The server answers 500. It may have been done before that.
            await self._keep(act, objects or [{}], Answer(500, {}), scope, actor)
            raise

    async def _objects(self, act: Act, body: bytes) -> Sequence[Mapping[str, Any]]:
        """What is changed as Prefect has it now: once deleted, nobody knows its name any more."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                if act.many and act.collection == "flow_runs":
                    wanted = {"flow_runs": json_object(body).get("flow_runs"), "limit": 200}
                    found = (await self._client.post("flow_runs/filter", json=wanted)).json()
                    return found[:MOST_AT_ONCE] if isinstance(found, list) else []
                if not act.ident:
                    return []
                one = await self._get(f"{act.collection}/{act.ident}")
                if act.collection == "task_runs" and one.get("flow_run_id"):
                    run = await self._get(f"flow_runs/{one['flow_run_id']}")
                    one = {**one, "parameters": run.get("parameters")}
                return [one]
        except (TimeoutError, httpx.HTTPError, ValueError) as error:
            log.warning("what a person changes could not be read: %s", type(error).__name__)
            return []

    async def _get(self, path: str) -> Mapping[str, Any]:
        return json_object((await self._client.get(quote(path))).content)

    async def _keep(
        self,
        act: Act,
        objects: Sequence[Mapping[str, Any]],
        answer: Answer,
        scope: Scope,
        actor: Actor,
    ) -> None:
        """Write it. A failure is only logged: what the person wants is not held up by it."""
        started = answer.said if act.does == "Start a run" else {}
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                for each in objects:
                    kept = Kept(
                        entry_id=uuid4(),
                        at=datetime.now(UTC),
                        action=_sentence(act, each, started, answer.about(each)),
                        actor=actor.on_record,
                        incident=incident_in(started or each),
                        details={
                            "prefect": f"{scope['method']} {scope['path']}"[:LONGEST],
                            "fields": list(act.fields),
                            "from": _place(scope),
                        },
                    )
                    await asyncio.to_thread(self._spool.put, kept)
        except (OSError, TimeoutError) as error:
            log.error("NOT ON RECORD: %s (%s)", act, type(error).__name__)


async def _whole(receive: Receive) -> tuple[list[Message], bytes]:
    """The messages of a request's body, and its beginning."""
    messages, body = [], b""
    while True:
        message = await receive()
        messages.append(message)
        if len(body) < MOST_BYTES:
            body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            return messages, body


def incident_in(changed: Mapping[str, Any]) -> str | None:
    """The incident that a run's parameters name."""
    parameters = changed.get("parameters")
    if not isinstance(parameters, dict):
        return None
    alert = parameters.get("alert")
    named = alert.get("incidentId") if isinstance(alert, dict) else None
    found = named or parameters.get("incident_id") or parameters.get("incident")
    return found if isinstance(found, str) and found else None


def _sentence(
    act: Act, changed: Mapping[str, Any], started: Mapping[str, Any], outcome: str
) -> str:
    name = changed.get("name") or act.ident
    what = f"{act.noun} {name!r}" if name else act.noun
    run = f", run {started['name']!r}" if started.get("name") else ""
    return f"In Prefect: {act.does}, {what}{run}: {outcome}"


def _place(scope: Scope) -> str:
    """From where; a proxy's word is said to be one, because anybody can send that header."""
    client = scope.get("client") or ("an unknown address",)
    forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")[:LONGEST]
    proxy = f" (forwarded for {forwarded!r}, it says)" if forwarded else ""
    return f"{client[0]}{proxy}"
