"""A server for addresses of Apprise: `ntfy://` rings, `json://` only tells."""

from __future__ import annotations

from standins.server import Received, Reply
from standins.standin import StandIn

PASSWORD = "apprise-password-0123456789"


class Addresses(StandIn):
    """Keeps what was handed to it; what it does not take, it answers with 500."""

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
