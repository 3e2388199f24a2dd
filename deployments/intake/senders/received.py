"""What a sender's message came to: alerts, and which of them are over."""

from __future__ import annotations

from typing import NamedTuple

from schemas.incident import Alert


class Received(NamedTuple):
    """One alert of a message, and whether it is over."""

    alert: Alert
    is_over: bool
