"""Looks that take long, made beside the requests: a page shows what was found seconds ago."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from schemas.errors import AeefError

MOST_KEPT = 500


class Found(NamedTuple):
    """What a look came to. problem: why it came to nothing; seconds: how old it is."""

    said: str
    problem: str
    seconds: int


class _Look(NamedTuple):
    began: float
    future: Future[str]


class Lookups:
    """Makes each look once in a while, however many pages show it, in threads of its own."""

    def __init__(self, name: str, *, at_once: int, keep: float, wait: float) -> None:
        """keep: seconds that a result is shown. wait: seconds that a page waits for a new one."""
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._keep = keep
        self._wait = wait
        self._looks: dict[Hashable, _Look] = {}

    async def get(
        self, key: Hashable, call: Callable[[], str], *, wait: float | None = None
    ) -> Found | None:
        """What was found; None while it is being looked up. Raises nothing of the look."""
        look = self._looks.get(key)
        is_old = look is not None and time.monotonic() - look.began > self._keep
        if look is None or (is_old and look.future.done()):
            look = self._begin(key, call)
        try:
            async with asyncio.timeout(self._wait if wait is None else wait):
                said, problem = await asyncio.shield(asyncio.wrap_future(look.future)), ""
        except TimeoutError:
            return None
        except AeefError as error:
            said, problem = "", str(error)
        except Exception as error:  # noqa: BLE001 - it is shown instead of the result
            said, problem = "", type(error).__name__
        return Found(said, problem, round(time.monotonic() - look.began))

    def _begin(self, key: Hashable, call: Callable[[], str]) -> _Look:
        if len(self._looks) >= MOST_KEPT:
            self._looks.clear()
        look = _Look(time.monotonic(), self._pool.submit(call))
        self._looks[key] = look
        return look
