"""Services that call people: a made-up one, one after the other, and addresses for Apprise."""

from __future__ import annotations

from dataclasses import dataclass, field

from standins.server import Received, Reply
from standins.standin import StandIn

PASSWORD = "apprise-password-0123456789"
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


class Addresses(StandIn):
    """Addresses of Apprise, and what was handed to them: `ntfy://` rings, `json://` only tells."""

    section = "addresses"

    def address(self, scheme: str, path: str) -> str:
        """An address of it, with a password."""
        return f"{scheme}://aeef:{PASSWORD}@{self.origin.removeprefix('http://')}/{path}"

    def answer(self, request: Received) -> Reply:  # noqa: ARG002 - it takes everything
        """It takes everything."""
        return Reply(200, {})

    @property
    def texts(self) -> list[str]:
        """Title and text of each message, in order."""
        found = []
        for request in self.requests:
            data = request.json
            found.append(f"{data.get('title')}\n{data.get('message')}")
        return found
