"""Stand-in for the service that runs a target's agents: keeps their status, and can lie."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from standins.server import Received, Reply
from standins.standin import StandIn

TOKEN = "control-plane-very-secret"


class ControlPlane(StandIn):
    """Agents by id with their status; unknown ones are active."""

    section: ClassVar[str] = "control_plane"
    base_path: ClassVar[str] = "/v1"

    def __init__(self) -> None:
        super().__init__()
        self.status: dict[str, str] = {}
        self.orders: list[tuple[str, str]] = []
        self.obeys = True
        self.at_an_order: Callable[[], None] = lambda: None

    def credentials(self) -> dict[str, str]:
        """The rest of the settings."""
        return {"token": TOKEN}

    def answer(self, request: Received) -> Reply:
        """What the service does with a request."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"error": self.violated("no token")})
        found = re.fullmatch(r"/v1/agents/([A-Za-z0-9._-]+)(?:/(suspend|resume))?", request.path)
        if found is None:
            return Reply(404, {"error": self.violated(f"no such path: {request.path}")})
        agent_id, what = found.groups()
        if request.method == "POST" and what:
            self.orders.append((agent_id, what))
            self.at_an_order()
            if self.obeys:
                self.status[agent_id] = "suspended" if what == "suspend" else "active"
            return Reply(202, {"accepted": True})
        return Reply(200, {"status": self.status.get(agent_id, "active")})
