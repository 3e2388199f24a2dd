"""What the parent knows about one warm process."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID


@dataclass
class Warm:
    """A process that waits for an order, or executes one.

    orders: our end of its pipe. nice: its nice value was raised, which cannot be undone.
    waits_since: on the monotonic clock.
    """

    pid: int
    orders: BinaryIO
    nice: bool = False
    run_id: UUID | None = None
    waits_since: float = 0.0

    def takes(self, order: str) -> bool:
        """Send it an order; False when it was killed while it waited, and not reaped yet."""
        try:
            self.orders.write(order.encode() + b"\n")
            self.orders.flush()
        except BrokenPipeError:
            return False
        return True

    def send_home(self) -> None:
        """Close its pipe: it exits when it reads that no order can come."""
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self.orders.close()
