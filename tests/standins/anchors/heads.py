"""An address that takes heads of the audit chain, and gives them back."""

from __future__ import annotations

from standins.server import Received, Reply
from standins.standin import StandIn

TOKEN = "token-of-the-heads"


class Heads(StandIn):
    """Keeps each line."""

    section = "anchors"

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[bytes] = []

    def credentials(self) -> dict[str, str]:
        """What it asks for."""
        return {"token": TOKEN}

    def answer(self, request: Received) -> Reply:
        """A receipt for a head, all of them for whoever asks."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"message": self.violated("no token")})
        if request.method == "GET":
            return Reply(200, b"\n".join(self.lines))
        self.lines.append(request.body)
        return Reply(200, {"receipt": len(self.lines), "echo": TOKEN})
