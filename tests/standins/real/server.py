"""A real server in a process of its own: started, waited for until it is ready, and stopped."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from support import free_port, not_available, wait_until

START_SECONDS = 120.0


class RealServer:
    """One that says at `/-/ready` that it is; the test is skipped where it is not installed."""

    program = ""

    def __init__(self, directory: Path) -> None:
        """directory: for all that it reads and writes; it is made."""
        self.directory = directory
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        directory.mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None

    def arguments(self) -> list[str]:
        """What it is started with."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        if not shutil.which(self.program):
            not_available(f"{self.program} is not installed")
        log = self.directory / "log"
        with log.open("wb") as written:
            self._process = subprocess.Popen(
                [self.program, *self.arguments()], stdout=subprocess.DEVNULL, stderr=written
            )
        try:
            wait_until(self._is_ready, START_SECONDS)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.directory / "log").read_text()
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
