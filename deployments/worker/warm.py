"""One warm process, as its parent sees it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID


@dataclass
class Warm:
    """A process that waits for an order, or carries one out.

    orders: our end of its pipe. nice: it gave way to others, and cannot take that back.
    waits_since: on the monotonic clock.
    """

    pid: int
    orders: BinaryIO
    nice: bool = False
    run_id: UUID | None = None
    waits_since: float = 0.0

    def takes(self, order: str) -> bool:
        """False when it was killed while it waited, and we have not heard of it yet."""
        try:
            self.orders.write(order.encode() + b"\n")
            self.orders.flush()
        except BrokenPipeError:
            return False
        return True

    def send_home(self) -> None:
        """It ends when it sees that no order can come."""
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self.orders.close()
