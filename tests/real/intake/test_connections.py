"""Clients that send no whole request do not take the intake away from those that do."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from deployments.intake.connections import MOST_WAITING
from support import free_port, wait_until

TOKEN = "intake-token-0123456789abcdef"
FILES = 1024
HALF = b"POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-"


class Served:
    """An intake as a process of its own, which may have so many open files."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def is_healthy(self) -> bool:
        """True when it answers and would take an alert."""
        try:
            return httpx.get(f"{self.url}/health", timeout=10, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def report(self) -> int:
        """Send an alert over a new connection; the status of the answer."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        alert = {"type": "security", "severity": "P4", "service": "shop"}
        return httpx.post(
            f"{self.url}/v1/alerts", json=alert, headers=headers, timeout=30, trust_env=False
        ).status_code


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running intake with the usual limit of open files."""
    port = free_port()
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("AEEF_", "PREFECT_"))}
    env = ours | {
        "AEEF_HOME": str(tmp_path_factory.mktemp("served")),
        "AEEF_INTAKE__PORT": str(port),
        "AEEF_INTAKE__TOKEN": TOKEN,
    }
    command = [sys.executable, "-P", "-m", "deployments.intake.main"]
    with subprocess.Popen(
        ["prlimit", f"--nofile={FILES}:{FILES}", *command], env=env, stderr=subprocess.PIPE
    ) as process:
        served = Served(port)
        try:
            wait_until(lambda: process.poll() is not None or served.is_healthy())
            assert process.poll() is None, process.stderr and process.stderr.read()
            yield served
        finally:
            process.terminate()


@contextmanager
def half_sent(port: int, count: int) -> Iterator[list[socket.socket]]:
    """So many connections, on each of which half a header was sent."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with ExitStack() as opened:
            sockets = []
            for _ in range(count):
                sockets.append(
                    opened.enter_context(socket.create_connection(("127.0.0.1", port), 10))
                )
                sockets[-1].sendall(HALF)
            yield sockets
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_over(connection: socket.socket) -> bool:
    """True when the intake has ended the connection; it never blocks."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_more_half_sent_headers_than_open_files_keep_no_alert_out(intake: Served) -> None:
    """The oldest gives way at once; none is kept longer than some seconds."""
    with half_sent(intake.port, FILES + 76) as opened:
        assert 202 == intake.report()
        assert intake.is_healthy()
        assert MOST_WAITING >= sum(not is_over(each) for each in opened)
        wait_until(lambda: all(map(is_over, opened)))


def test_a_header_that_drips_ends_too(intake: Served) -> None:
    """However often another byte comes."""
    with half_sent(intake.port, 1) as (dripping,):

        def drip() -> bool:
            try:
                dripping.setblocking(True)
                dripping.sendall(b"x")
            except ConnectionError:
                return True
            return is_over(dripping)

        wait_until(drip)


def test_one_connection_serves_one_request_after_another(intake: Served) -> None:
    """With and without a pause between them."""
    with httpx.Client(base_url=intake.url, trust_env=False) as client:
        answers = [client.get("/health").status_code for _ in range(20)]

    assert [200] * 20 == answers
