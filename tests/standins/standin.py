"""The base of our stand-ins: real servers on the loopback that check requests and can fail.

A stand-in checks each request against the vendor's own description (`violations` is empty when
our client is right), keeps a model of the vendor's state, and fails in the ways that were asked.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Literal, Self

from schemas.settings import Settings
from standins.server import Handler, Received, Reply, Server
from support import TESTS

CONTRACTS = TESTS / "contracts"
LONGEST_STALL = 30.0
"""Seconds: a test that forgets to release a stalled request still ends."""


@dataclass
class Fault:
    """One way to fail, for requests whose path ends with `path`, `times` times (None: always)."""

    kind: Literal["reply", "echo", "drop", "accept_then_drop", "stall", "accept_then_stall"]
    times: int | None
    path: str
    reply: Reply | None = None
    seconds: float = LONGEST_STALL


class StandIn:
    """A local server that behaves like the vendor's; use it as a context manager."""

    section: ClassVar[str]
    """The part of the settings that points at the vendor."""
    base_path: ClassVar[str] = ""
    served_by: ClassVar[type[Server]] = Server
    handled_by: ClassVar[type[Handler]] = Handler

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.violations: list[str] = []
        self._faults: deque[Fault] = deque()
        self._lock = threading.RLock()
        self._released = threading.Event()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._server = self.served_by(("127.0.0.1", 0), partial(self.handled_by, self.handle))
        self._thread = threading.Thread(
            target=partial(self._server.serve_forever, poll_interval=0.02),
            name=f"stand-in {self.section}",
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        assert self._thread is not None
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:<port>`."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """What the vendor's `url` setting has to be."""
        return self.origin + self.base_path

    def credentials(self) -> dict[str, str]:
        """The rest of the vendor's settings."""
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        """The vendor's section of the settings."""
        return {"url": self.url, **self.credentials()}

    def env(self) -> dict[str, str]:
        """Environment variables that point our programs at this server."""
        prefix = f"AEEF_{self.section.upper()}__"
        return {prefix + name.upper(): value for name, value in self.settings().items()}

    def answer(self, request: Received) -> Reply:
        """What the vendor does with a request."""
        raise NotImplementedError

    def violated(self, what: str) -> str:
        """Record that a request broke the vendor's rules."""
        self.violations.append(what)
        return what

    # How it can be made to fail. `path` limits it to requests whose path ends so.

    def fail_with(
        self,
        status: int,
        *,
        times: int | None = 1,
        headers: Mapping[str, str] | None = None,
        body: Any = b"",
        path: str = "",
    ) -> None:
        """Answer this status, without doing the work."""
        self._fail(Fault("reply", times, path, Reply(status, body, headers or {})))

    def rate_limit(self, retry_after: float, *, times: int | None = 1, path: str = "") -> None:
        """Answer 429 with `Retry-After` seconds."""
        self.fail_with(429, times=times, headers={"Retry-After": f"{retry_after:g}"}, path=path)

    def lie(self, body: Any, *, status: int = 200, times: int | None = 1, path: str = "") -> None:
        """Answer 200 with something else than the API promises, without doing the work."""
        self.fail_with(status, times=times, body=body, path=path)

    def echo(self, status: int, *, times: int | None = 1, path: str = "") -> None:
        """Answer this status with everything that was sent, secrets too, as the reason."""
        self._fail(Fault("echo", times, path, Reply(status)))

    def drop_connection(self, *, times: int | None = 1, path: str = "") -> None:
        """Cut the connection before anything is done."""
        self._fail(Fault("drop", times, path))

    def accept_then_drop(self, *, times: int | None = 1, path: str = "") -> None:
        """Do the work, then cut the connection: the client cannot know."""
        self._fail(Fault("accept_then_drop", times, path))

    def accept_then_stall(self, *, times: int | None = 1, path: str = "") -> None:
        """Do the work, then say nothing until `release`: the client may die meanwhile."""
        self._released.clear()
        self._fail(Fault("accept_then_stall", times, path))

    def stall(
        self, seconds: float = LONGEST_STALL, *, times: int | None = 1, path: str = ""
    ) -> None:
        """Say nothing for so long, or until `release`, then cut the connection."""
        self._released.clear()
        self._fail(Fault("stall", times, path, seconds=seconds))

    def release(self) -> None:
        """Release every stalled request."""
        self._released.set()

    def recover(self) -> None:
        """Drop every fault."""
        with self._lock:
            self._faults.clear()
        self.release()

    def _fail(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def _next_fault(self, path: str) -> Fault | None:
        for fault in self._faults:
            if path.endswith(fault.path):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def handle(self, request: Received) -> Reply | None:
        """The reply, or None to cut the connection."""
        with self._lock:
            self.requests.append(request)
            fault = self._next_fault(request.path)
            if fault is None:
                return self.answer(request)
            if fault.kind.startswith("accept_then"):
                self.answer(request)
        if fault.kind.endswith("stall"):
            self._released.wait(min(fault.seconds, LONGEST_STALL))
        if fault.kind == "echo" and fault.reply is not None:
            return Reply(fault.reply.status, _echo(request))
        return fault.reply


def _echo(request: Received) -> dict[str, Any]:
    sent = f"you sent {request.body.decode()} with {request.headers}"
    names = ("message", "error", "status", "dedup_key", "needed", "key", "displayName")
    return {"ok": False, "errors": {"priority": sent}, **dict.fromkeys(names, sent)}


def settings_for(*standins: StandIn, **sections: Any) -> Settings:
    """Settings for these stand-ins only, with quick retries; a test of silence sets its timeout."""
    quick = {"request_timeout": 30.0, "first_wait": 0.0, "attempts": 1}
    known = {standin.section: standin.settings() for standin in standins}
    ours = {
        "retry": quick,
        # Else each test's folder would have a file of megabytes.
        "disk": {"reserve": 0},
        # A stand-in that is slow, as other tests run beside this one, is not away.
        "paging": {"notify_after": 60},
    }
    return Settings.model_validate({**ours, **known, **sections})


def contract(name: str) -> Any:
    """A vendor's description as data."""
    text = (CONTRACTS / name).read_text("utf-8")
    if name.endswith(".json"):
        return json.loads(text)
    import yaml

    return yaml.safe_load(text)
