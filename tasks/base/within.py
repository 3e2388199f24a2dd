"""Waits for a call no longer than so many seconds, whatever it does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T], *, stop: Callable[[], None] | None = None) -> T:
    """The call's result, or its exception. Raises TimeoutError when it takes longer.

    A name server that hangs, or a service that sends one byte a second, ends no sooner for any
    timeout of a client. Such a call is left behind in its thread, which does not keep the process
    from ending. stop: called then, to make it end.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=run, name="within", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if results:
        return results[0]
    if stop:
        stop()
    raise TimeoutError(f"did not end within {seconds:g} s")
