"""A Docker client that dies, or is refused, after so many changes; it speaks to the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import docker
from docker.errors import APIError


class Killed(BaseException):
    """The process ends here: nothing catches it, as nothing catches `kill -9`."""


class DyingDocker(docker.APIClient):
    """Changes are allowed so often; the next one, and all that follow, raise."""

    def __init__(self, changes: int, *, refuses: bool = False) -> None:
        super().__init__(version="auto", timeout=60)
        self.left = changes
        self._refuses = refuses
        self._lock = Lock()

    def post(self, *args: Any, **kwargs: Any) -> Any:
        """A change."""
        self._count()
        return super().post(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """A change."""
        self._count()
        return super().delete(*args, **kwargs)

    def _count(self) -> None:
        with self._lock:
            self.left -= 1
            if self.left < 0:
                raise APIError("refused by the test") if self._refuses else Killed


@contextmanager
def dying_docker(changes: int, *, refuses: bool = False) -> Iterator[docker.DockerClient]:
    """A client that is given to our code in place of its own."""
    client = docker.from_env(timeout=60)
    client.api.close()
    client.api = DyingDocker(changes, refuses=refuses)
    try:
        yield client
    finally:
        client.close()
