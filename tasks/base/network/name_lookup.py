"""Looks names up within a deadline: the system's own look-up may hang, and cannot be ended."""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from concurrent.futures import Future

MOST_AT_ONCE = 16
"""Look-ups under way: each is a thread that hangs as long as the name server does."""


class _UnderWay:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lookups: dict[str, Future[list[str]]] = {}


_under_way = _UnderWay()


def _forget() -> None:
    global _under_way  # noqa: PLW0603 (the threads are not in the child)
    _under_way = _UnderWay()


os.register_at_fork(after_in_child=_forget)


def addresses_of(host: str, seconds: float) -> list[str]:
    """The addresses of a host, in the system's order.

    Whoever asks for a name that is being looked up waits for the same answer: a name server that
    hangs costs one thread for each name, and no more than `MOST_AT_ONCE`.
    Raises OSError (TimeoutError when it takes longer, or too many hang) or UnicodeError.
    """
    if _is_address(host):
        return [host]
    ours = _under_way
    with ours.lock:
        lookup = ours.lookups.get(host)
        if lookup is None:
            if len(ours.lookups) >= MOST_AT_ONCE:
                raise TimeoutError(f"{len(ours.lookups)} name look-ups hang: {host} is not asked")
            lookup = ours.lookups[host] = Future()
            thread = threading.Thread(
                target=_look_up, args=(host, lookup, ours), name="name look-up", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:  # no more threads: the next call may have one
                del ours.lookups[host]
                raise OSError(f"{host} cannot be looked up: {error}") from None
    try:
        return lookup.result(seconds)
    except TimeoutError:
        raise TimeoutError(f"the look-up of {host} did not end within {seconds:.1f} s") from None


def lookups_under_way() -> int:
    """How many look-ups, and so threads, there are now."""
    return len(_under_way.lookups)


def _look_up(host: str, lookup: Future[list[str]], ours: _UnderWay) -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        result: list[str] | Exception = list(dict.fromkeys(str(each[4][0]) for each in found))
    except Exception as error:  # noqa: BLE001 - whoever waits gets it, whatever it is
        result = error
    with ours.lock:
        del ours.lookups[host]
    if isinstance(result, list):
        lookup.set_result(result)
    else:
        lookup.set_exception(result)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
