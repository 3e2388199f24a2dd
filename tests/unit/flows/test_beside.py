"""Work in the background of a procedure gives it a head start, and is never left out."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar

import pytest

from flows.parts.beside import HeadStart

LONG = 60.0
WHERE: ContextVar[str] = ContextVar("where")


def test_it_is_called_after_its_time_without_anyone_waiting() -> None:
    """In order, and each in the context that it was put in from."""
    called: list[str] = []
    all_are = threading.Event()
    beside: HeadStart[None] = HeadStart(0.05)
    before = time.monotonic()
    for name in ("first", "second"):
        WHERE.set(name)
        beside.put(lambda: called.append(WHERE.get()))
    beside.put(all_are.set)

    assert all_are.wait(LONG)
    assert time.monotonic() - before >= 0.05
    assert ["first", "second"] == called
    beside.over()


def test_who_waits_for_it_need_not_wait_for_its_time() -> None:
    """The procedure was faster, or there was none."""
    beside: HeadStart[int] = HeadStart(LONG)
    results = [beside.put(lambda number=number: number) for number in range(3)]  # type: ignore[misc]

    beside.over()

    assert [0, 1, 2] == [result.result(0) for result in results]


def test_what_one_call_raises_is_its_own() -> None:
    """The others are still called."""
    beside: HeadStart[float] = HeadStart(LONG)
    bad, good = beside.put(lambda: 1 / 0), beside.put(lambda: 1.0)

    beside.over()

    assert 1.0 == good.result(0)
    with pytest.raises(ZeroDivisionError):
        bad.result(0)
