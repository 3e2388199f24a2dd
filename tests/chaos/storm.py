"""The alerts of the storm: one for each target, sent until it is taken, as careful senders do."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from fixtures.stack import Stack
from samples.gates import Gates

SEND_AGAIN = 2.0
ANSWER = 30.0


@dataclass
class Sent:
    """One alert: its target, and the incident that it became; None while nobody took it."""

    gates: Gates
    began: float
    incident_id: str | None = None
    times: int = field(default=0)

    @property
    def service(self) -> str:
        """What is broken."""
        return self.gates.target.name


class Storm:
    """Sends an alert of a failed deployment for each target, some of them more than once."""

    def __init__(self, stack: Stack, directory: Path, count: int) -> None:
        self._stack = stack
        self._made = [Gates(directory / f"t{each}", f"chaos-{each}") for each in range(count)]
        stack.configure(*(gates.target for gates in self._made))
        self.sent: list[Sent] = []
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    @property
    def is_used_up(self) -> bool:
        """True when every target is broken already."""
        return not self._made

    def send(self, *, times: int) -> None:
        """The next target breaks; its sender says so, and as often again as it was asked."""
        sent = Sent(self._made.pop(), time.monotonic())
        self.sent.append(sent)
        self._threads.append(threading.Thread(target=self._until_taken, args=(sent, times)))
        self._threads[-1].start()

    def settle(self, seconds: float) -> Sequence[Sent]:
        """Let every sender end, within so many seconds; all that was sent."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self.sent

    def _until_taken(self, sent: Sent, times: int) -> None:
        with httpx.Client(timeout=ANSWER, trust_env=False) as client:
            while sent.times < times and not self._over.is_set():
                try:
                    answer = client.post(
                        f"{self._stack.url}/v1/alerts",
                        headers={"Authorization": f"Bearer {self._stack.token}"},
                        json={
                            "type": "deployment-failure",
                            "severity": "P1",
                            "service": sent.service,
                        },
                    )
                except (httpx.HTTPError, OSError):
                    self._over.wait(SEND_AGAIN)
                    continue
                if answer.status_code == 202:
                    sent.incident_id = answer.json()["incidentId"]
                    sent.times += 1
                self._over.wait(SEND_AGAIN)
