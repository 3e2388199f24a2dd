"""Threads for one kind of work, so that it never waits behind another kind; with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from schemas.errors import TemporaryError

P = ParamSpec("P")
R = TypeVar("R")


class OwnThreads:
    """Runs blocking calls; whoever waits for one is answered by its deadline, whatever it does."""

    def __init__(self, name: str, most: int, seconds: float) -> None:
        """most: calls at once. seconds: for each, from when it was asked for."""
        self._name = name
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)

    async def run(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of the call. Raises TemporaryError at the deadline; a call goes on then."""
        future = self._pool.submit(work, *args, **kwargs)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise TemporaryError(
                self._name, f"was not done within {self._seconds:g} s", retry_after=self._seconds
            ) from None

    def close(self) -> None:
        """Let what has begun go on, and begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
