"""A connection to Docker: opened, closed, and its failures told, in one place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import docker
import requests
from docker.errors import APIError, DockerException

from schemas.errors import TemporaryError

AT_ONCE = 16
"""So many questions are asked side by side."""
DEFAULT_HOST = "unix:///var/run/docker.sock"
DOCKER_ERRORS = (DockerException, requests.RequestException, OSError)
"""What a client of Docker raises."""
DOCKER_SECONDS = 60
"""How long one answer may take."""
REMEDY = "start it, or set DOCKER_HOST"
T = TypeVar("T")
R = TypeVar("R")


def docker_host() -> str:
    """Where Docker is: also for Compose, whatever `docker context` says."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_HOST


@contextmanager
def docker_connection(
    *, seconds: int = DOCKER_SECONDS, remedy: str = REMEDY
) -> Iterator[docker.DockerClient]:
    """A connection to Docker. Raises TemporaryError whenever Docker does not do what was asked.

    seconds: for one answer. remedy: what to do when it does not answer at all.
    """
    client: docker.DockerClient | None = None
    try:
        client = docker.from_env(timeout=seconds, max_pool_size=AT_ONCE)
        yield client
    except DOCKER_ERRORS as error:
        # Not chained: Prefect logs what is raised with everything that it came from.
        advice = "" if isinstance(error, APIError) else f"; {remedy}"
        said = f"at {docker_host()}: {explained(error)}{advice}"
        raise TemporaryError("Docker", said) from None
    finally:
        if client is not None:
            client.close()


def explained(error: Exception) -> str:
    """Why Docker refused, in a line."""
    if isinstance(error, APIError) and error.explanation:
        return " ".join(str(error.explanation).split())[:300]
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def side_by_side(ask: Callable[[T], R], wanted: Sequence[T]) -> list[R]:
    """Ask for each, several at once; the answers in the same order."""
    if not wanted:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="docker") as pool:
        return list(pool.map(ask, wanted))
