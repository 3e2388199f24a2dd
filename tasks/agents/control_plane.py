"""Client of the service that runs a target's agents, where one is configured."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from schemas.agents import ControlPlane
from schemas.errors import TemporaryError
from schemas.settings import Settings
from tasks.base.http import Answer, Service, send

SERVICE = Service("agent control plane", "control_plane in the target's agents table")
POLL = 0.2

Order = Literal["suspend", "resume"]
_WANTED = {"suspend": "suspended", "resume": "active"}


class _Agent(BaseModel):
    status: str


def status_of(agent_id: str, plane: ControlPlane, settings: Settings, *, tries: int = 2) -> str:
    """The agent's status in the control plane. Raises TemporaryError or PermanentError."""

    def build(client: httpx.Client) -> httpx.Request:
        return _request(client, plane, "GET", agent_id)

    def read(answer: Answer) -> str:
        return _Agent.model_validate_json(answer.text).status

    doing = f"ask for the status of agent {agent_id}"
    return send(SERVICE, build, settings, doing=doing, read=read, tries=tries)


def order(
    what: Order,
    agent_id: str,
    plane: ControlPlane,
    settings: Settings,
    body: dict[str, Any],
    before: Callable[[], None] = lambda: None,
) -> bool:
    """Suspend or resume the agent, and verify it; False when there was nothing to change.

    before: called before the order is sent, if one is.
    Raises TemporaryError, also when the control plane accepts the order but does not act on it.
    """
    wanted = _WANTED[what]
    if status_of(agent_id, plane, settings) == wanted:
        return False
    before()

    def build(client: httpx.Client) -> httpx.Request:
        return _request(client, plane, "POST", agent_id, f"/{what}", json=body)

    send(SERVICE, build, settings, doing=f"{what} agent {agent_id}", read=lambda _: None, tries=2)
    give_up_at = time.monotonic() + plane.settle
    while (status := status_of(agent_id, plane, settings)) != wanted:
        if time.monotonic() > give_up_at:
            known = status if status in _WANTED.values() else "something else"
            raise TemporaryError(
                SERVICE.name,
                f"it took the order to {what} agent {agent_id}, but after {plane.settle:g} s still"
                f" says '{known}'",
            )
        time.sleep(POLL)
    return True


def _request(
    client: httpx.Client,
    plane: ControlPlane,
    method: str,
    agent_id: str,
    more: str = "",
    **rest: Any,
) -> httpx.Request:
    headers = {}
    if plane.token is not None:
        headers["Authorization"] = f"Bearer {plane.token.get_secret_value()}"
    url = f"{plane.url.rstrip('/')}/agents/{quote(agent_id, safe='')}{more}"
    return client.build_request(method, url, headers=headers, **rest)
