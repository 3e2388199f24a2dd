"""Small helpers that several test files use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

T = TypeVar("T")

TESTS = Path(__file__).parent
ROOT = TESTS.parent
"""The checkout."""


def not_available(reason: str) -> NoReturn:
    """Skip the test: something real is missing here. With AEEF_REQUIRE_REAL=1, fail instead."""
    if os.environ.get("AEEF_REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def wait_until(condition: Callable[[], T], timeout: float = 10.0) -> T:
    """Ask again and again until the answer is true, `timeout` seconds at most; the answer."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not true within {timeout:g} s: the answer is still {answer!r}")
        time.sleep(0.01)
    return answer
