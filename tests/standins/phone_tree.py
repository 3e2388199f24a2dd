"""A made-up service: it calls people one after the other until somebody takes the incident."""

from __future__ import annotations

from dataclasses import dataclass, field

from standins.server import Received, Reply
from standins.standin import StandIn

TOKEN = "phone-tree-token-0123456789"


@dataclass
class Ring:
    """One ring: its text, and the states that it was set to."""

    text: str
    state: str = "ringing"
    kept_alive: int = 0
    states: list[str] = field(default_factory=list)


class PhoneTreeService(StandIn):
    """Keeps rings by their id."""

    section = "phone_tree"

    def __init__(self) -> None:
        super().__init__()
        self.rings: dict[str, Ring] = {}

    def credentials(self) -> dict[str, str]:
        """The token it asks for."""
        return {"token": TOKEN}

    def answer(self, request: Received) -> Reply:
        """`GET /health`, and `PUT /rings/ID` with a state."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"message": "who is there?"})
        if (request.method, request.path) == ("GET", "/health"):
            return Reply(200, {"people": 3})
        asked = request.json
        ring = self.rings.setdefault(request.path.rpartition("/")[2], Ring(asked["text"]))
        if asked["state"] == "still":
            ring.kept_alive += 1
        else:
            ring.state = asked["state"]
        ring.states.append(asked["state"])
        return Reply(200, {"people": 3})
