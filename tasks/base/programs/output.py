"""What a program says: read while it runs, of which only the end is kept, in memory."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Protocol

_PIECE = 1 << 16
_IN_A_PIPE = 1 << 20
"""More than a pipe holds: what is said after the program has ended is not waited for."""
_LOOK_SECONDS = 0.2
"""How often a watch is asked."""
_POLL_SECONDS = 0.02
"""How often it is asked whether the program has ended, where no file tells it."""
_DRAIN = "{ cat <&3 >/dev/null 2>&1 & } 3<&0"


Watch = Callable[[int], str | None]
"""Asked about a running program, by its pid; what it answers is the reason to end it."""


class Ends(Protocol):
    """A process that can be asked whether it has ended."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""


class Tail:
    """The last `most` bytes of an output; what came before them is only counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = bytearray()
        self._seen = 0

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self._seen += len(piece)
        self._kept += piece
        if len(self._kept) > 2 * self._most:  # now and then: each time would copy everything
            del self._kept[: -self._most]

    @property
    def content(self) -> bytes:
        """What is kept."""
        return bytes(self._kept[-self._most :])

    @property
    def dropped(self) -> int:
        """How many bytes came before, and are gone."""
        return max(0, self._seen - self._most)


def follow(
    process: Ends,
    pipes: Mapping[int, Tail],
    timeout: float,
    watch: Watch | None = None,
) -> str | None:
    """Read until the program has ended: None. Or until it must be ended: why.

    watch: asked again and again while it runs.
    """
    give_up_at, look_at = time.monotonic() + timeout, 0.0
    with selectors.DefaultSelector() as selector, _end_of(process.pid) as end:
        for pipe, tail in pipes.items():
            os.set_blocking(pipe, False)
            selector.register(pipe, selectors.EVENT_READ, tail)
        if end is not None:
            selector.register(end, selectors.EVENT_READ)
        longest = _LOOK_SECONDS if watch else float("inf")
        longest = longest if end is not None else _POLL_SECONDS
        while process.poll() is None:
            left = give_up_at - time.monotonic()
            if left <= 0:
                return f"did not finish within {timeout:g} s"
            if watch and time.monotonic() >= look_at:  # not at every piece that is printed
                if problem := watch(process.pid):
                    return problem
                look_at = time.monotonic() + _LOOK_SECONDS
            for key, _ in selector.select(min(left, longest)):
                if key.data is not None and not _read_once(key.fd, key.data):
                    selector.unregister(key.fd)
    return None


def read_rest(pipe: int, tail: Tail) -> bool:
    """Read what is there already; True when somebody may still write more."""
    with suppress(BlockingIOError):
        for _ in range(_IN_A_PIPE // _PIECE):
            piece = os.read(pipe, _PIECE)
            if not piece:
                return False
            tail.add(piece)
    return True


def read_for_whoever_is_left(pipe: int) -> None:
    """Let a process of its own read on, into nothing: a server that a deployment left running
    would be ended by its next word, or wait for ever, if nobody did.
    """
    os.set_blocking(pipe, True)
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            ["/bin/sh", "-c", _DRAIN],
            stdin=pipe,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath},
            start_new_session=True,
            timeout=_POLL_SECONDS * 500,
            check=False,
        )


def _read_once(pipe: int, tail: Tail) -> bool:
    """Read one piece; False at the end."""
    try:
        piece = os.read(pipe, _PIECE)
    except BlockingIOError:
        return True
    tail.add(piece)
    return bool(piece)


@contextmanager
def _end_of(pid: int) -> Iterator[int | None]:
    """A file that can be read when the process has ended; None where there is no such thing."""
    try:
        end = os.pidfd_open(pid)
    except (AttributeError, OSError):
        yield None
        return
    try:
        yield end
    finally:
        os.close(end)
