"""The unit tier starts no program and opens no connection; such tests belong in `tests/real`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

_FORBIDDEN = {"socket.connect", "socket.bind", "subprocess.Popen", "os.posix_spawn"}
_seen: list[str] | None = None
_earlier: set[int | None] = set()
"""Threads that were there before the test: Prefect's own go on after tests of other tiers."""


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _seen is not None and event in _FORBIDDEN and threading.get_ident() not in _earlier:
        _seen.append(f"{event}{arguments[:2]!r}"[:300])


# A hook for audit events cannot be removed: outside of this tier it does nothing.
sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _nothing_outside() -> Iterator[None]:
    """Fail a test that reaches out of this process."""
    global _seen, _earlier  # noqa: PLW0603 (the hook is a function of the process)
    _earlier = {each.ident for each in threading.enumerate()} - {threading.get_ident()}
    _seen = []
    try:
        yield
        reached = _seen
    finally:
        _seen = None
    assert [] == reached, "this test belongs into tests/real: it reaches out of its process"
