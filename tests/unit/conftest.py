"""The unit tier starts no program and opens no connection; such tests belong in `tests/real`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

_FORBIDDEN = {"socket.connect", "socket.bind", "subprocess.Popen", "os.posix_spawn"}
_seen: list[str] | None = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _seen is not None and event in _FORBIDDEN:
        _seen.append(f"{event}{arguments[:2]!r}"[:300])


# A hook for audit events cannot be removed: outside of this tier it does nothing.
sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _nothing_outside() -> Iterator[None]:
    """Fail a test that reaches out of this process."""
    global _seen  # noqa: PLW0603 (the hook is a function of the process)
    _seen = []
    try:
        yield
        reached = _seen
    finally:
        _seen = None
    assert [] == reached, "this test belongs into tests/real: it reaches out of its process"
