"""A page that is the same for everybody is rendered once for all who ask at the same time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from deployments.intake.pages.shared import Shared
from deployments.web.own_threads import OwnThreads


@pytest.fixture
def threads() -> Iterator[OwnThreads]:
    """Threads as the pages have them."""
    made = OwnThreads("a test", 4, 60.0)
    yield made
    made.close()


class Counted:
    """A page that says how often it was rendered, and is held until it may end."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.count = 0

    def __call__(self) -> int:
        """Render it."""
        self.count += 1
        mine = self.count
        self.began.release()
        assert self.may_end.wait(60)
        return mine


async def begun(page: Counted) -> None:
    """Wait until it is being rendered."""
    assert await asyncio.to_thread(page.began.acquire, timeout=60)


def test_fifty_who_ask_together_share_one(threads: OwnThreads) -> None:
    """However many."""
    page = Counted()
    page.may_end.set()

    async def ask() -> list[int]:
        shared = Shared[int](threads)
        return await asyncio.gather(*(shared.get("list", page) for _ in range(50)))

    assert [1] * 50 == asyncio.run(ask())


def test_who_asks_while_it_is_rendered_gets_the_next(threads: OwnThreads) -> None:
    """What somebody has just done must be on the page that they get then; they share that one."""
    page = Counted()

    async def ask() -> list[int]:
        shared = Shared[int](threads)
        first = asyncio.create_task(shared.get("list", page))
        await begun(page)
        later = [asyncio.create_task(shared.get("list", page)) for _ in range(49)]
        await asyncio.sleep(0)
        page.may_end.set()
        return await asyncio.gather(first, *later)

    assert [1, *[2] * 49] == asyncio.run(ask())


def test_what_is_not_the_same_is_not_shared(threads: OwnThreads) -> None:
    """Another filter is another page."""

    async def ask() -> list[str]:
        shared = Shared[str](threads)
        pages: list[Callable[[], str]] = [lambda: "all", lambda: "P1"]
        return await asyncio.gather(*(shared.get(str(n), each) for n, each in enumerate(pages)))

    assert ["all", "P1"] == asyncio.run(ask())


def test_who_goes_away_takes_it_from_nobody(threads: OwnThreads) -> None:
    """A phone that is put away while its page is rendered."""
    page = Counted()

    async def ask() -> int:
        shared = Shared[int](threads)
        gone = asyncio.create_task(shared.get("list", page))
        stays = asyncio.create_task(shared.get("list", page))
        await begun(page)
        gone.cancel()
        page.may_end.set()
        return await stays

    assert 1 == asyncio.run(ask())


def test_one_that_fails_fails_for_those_only_who_waited_for_it(threads: OwnThreads) -> None:
    """The next who asks has a rendering of their own."""

    def fails() -> int:
        raise ValueError("the store does not answer")

    async def ask() -> int:
        shared = Shared[int](threads)
        failed = await asyncio.gather(
            *(shared.get("list", fails) for _ in range(2)), return_exceptions=True
        )
        assert [ValueError, ValueError] == [type(each) for each in failed]
        return await shared.get("list", lambda: 7)

    assert 7 == asyncio.run(ask())
