"""Opens and closes connections to Docker, and translates its failures."""

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
"""How many requests run concurrently."""
DEFAULT_HOST = "unix:///var/run/docker.sock"
DOCKER_ERRORS = (DockerException, requests.RequestException, OSError)
"""The exceptions that a Docker client raises."""
DOCKER_SECONDS = 60
"""Timeout of one answer."""
REMEDY = "start it, or set DOCKER_HOST"
T = TypeVar("T")
R = TypeVar("R")


def docker_host() -> str:
    """The address of Docker, for Compose too, whatever `docker context` says."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_HOST


@contextmanager
def docker_connection(
    *, seconds: int = DOCKER_SECONDS, remedy: str = REMEDY
) -> Iterator[docker.DockerClient]:
    """A connection to Docker. Raises TemporaryError whenever a request to Docker fails.

    seconds: timeout of one answer. remedy: for the error, what to do when Docker does not answer.
    """
    client: docker.DockerClient | None = None
    try:
        client = docker.from_env(timeout=seconds, max_pool_size=AT_ONCE)
        yield client
    except DOCKER_ERRORS as error:
        # Not chained: Prefect logs an exception with its whole chain.
        advice = "" if isinstance(error, APIError) else f"; {remedy}"
        said = f"at {docker_host()}: {explained(error)}{advice}"
        raise TemporaryError("Docker", said) from None
    finally:
        if client is not None:
            client.close()


def explained(error: Exception) -> str:
    """Why Docker refused, in one line."""
    if isinstance(error, APIError) and error.explanation:
        return " ".join(str(error.explanation).split())[:300]
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def side_by_side(ask: Callable[[T], R], wanted: Sequence[T]) -> list[R]:
    """Call `ask` for each item concurrently; return the answers in the same order."""
    if not wanted:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="docker") as pool:
        return list(pool.map(ask, wanted))
