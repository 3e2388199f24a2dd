"""Small helpers that several test files use."""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, TypeVar

import psutil
import pytest

from tasks.base.file_lock import file_lock

T = TypeVar("T")

TESTS = Path(__file__).parent
ROOT = TESTS.parent
"""The checkout."""
SHARED_PLACE = "TESTS_SHARED_PLACE"
"""A folder of one run of the tests, in the environment of its processes. See tests/conftest.py."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""To `verify` with, for clients that speak plainly to this machine. Without it each of them reads
all authorities, which takes 20 ms, also where SSL_CERT_FILE says otherwise: `trust_env=False`."""
PORTS = range(20_000, 32_000)
"""Below those that Linux gives to whoever asks for any, by default from 32,768 on."""


def not_available(reason: str) -> NoReturn:
    """Skip the test: something real is missing here. With AEEF_REQUIRE_REAL=1, fail instead."""
    if os.environ.get("AEEF_REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def wait_until(
    condition: Callable[[], T | None], timeout: float = 60.0, said: Callable[[], str] = str
) -> T:
    """Call it again and again until the result is true, for at most `timeout` seconds; the result.

    The time only decides when a test fails: it is long, because other tests run beside this one.
    What comes soon is seen soon; what takes long is asked for more seldom, for to ask costs too.
    said: what to print when it fails, beside the last answer.
    """
    began = time.monotonic()
    while not (answer := condition()):
        waited = time.monotonic() - began
        if waited > timeout:
            pytest.fail(f"not true within {timeout:g} s: it is still {answer!r}\n{said()}")
        time.sleep(min(0.01 + waited / 10, 0.5))
    return answer


def shares_stack(item: pytest.Item) -> bool:
    """True for a test that needs the running system that others use, too (fixtures/stack.py)."""
    return "shared_stack" in getattr(item, "fixturenames", ())


def command_of(process: psutil.Process) -> str:
    """How it was called; nothing for one that has ended, also while nobody has waited for it."""
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def read_below(directory: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder, and what is in it.

    A running system takes files and folders away meanwhile: those are left out. `rglob` would
    raise FileNotFoundError.
    """
    for folder, _, names in os.walk(directory, onerror=_unless_it_is_gone):
        for path in (Path(folder, name) for name in names):
            try:
                content = path.read_bytes() if path.is_file() else None
            except FileNotFoundError:
                continue
            if content is not None:
                yield path, content


def _unless_it_is_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def free_port() -> int:
    """A TCP port of this machine that nobody listens on, and that no other test gets.

    A UDP socket of the same number stays open until this process ends: other test processes find
    the number taken, also while what was given the port does not listen yet, or no longer.
    """
    while True:
        address = ("127.0.0.1", secrets.choice(PORTS))
        with socket.socket(type=socket.SOCK_DGRAM) as mark, socket.socket() as listener:
            try:
                mark.bind(address)
                listener.bind(address)
            except OSError:
                continue
            mark.detach()
        return address[1]


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """What the first process of a run of the tests that needs it makes, for all of them."""
    shared = Path(os.environ[SHARED_PLACE])
    made = shared / name
    with file_lock(shared / f"{name}.lock"):
        if not made.exists():
            # A place of its own: what an earlier try has left must not be in the way.
            making = Path(tempfile.mkdtemp(dir=shared), name)
            make(making)
            making.rename(made)
    return made
