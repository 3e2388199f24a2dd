"""A channel that does not answer is not called by everybody, and is found again soon."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas.errors import OutsideServiceError, PermanentError, TemporaryError
from schemas.settings import Settings
from tasks.channels.channels import channel_named
from tasks.channels.reach import OPENS_AFTER, PROBE_WAITS, Breaker, NotAnswering, breaker_of, reach

PAGER = channel_named("pagerduty")
SILENT = TemporaryError(PAGER.title, "got no connection within 5 s")


class Time:
    """A monotonic clock, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def opened(time: Time) -> Breaker:
    """One that opened just now."""
    breaker = Breaker(time)
    for _ in range(OPENS_AFTER):
        assert breaker.refusal() is None
        breaker.silent("no answer")
    return breaker


def test_it_opens_after_some_calls_without_an_answer() -> None:
    """An answer in between begins the count anew."""
    time = Time()
    breaker = Breaker(time)
    for _ in range(OPENS_AFTER - 1):
        breaker.silent("no answer")
    breaker.answered()
    breaker.silent("no answer")

    assert breaker.refusal() is None
    assert ("no answer", PROBE_WAITS[0]) == opened(time).refusal()


def test_one_call_finds_out_whether_it_is_back() -> None:
    """The others wait for it; when it fails, the next is later; when it does not, all go."""
    time = Time()
    breaker = opened(time)
    waits = []
    for wait in (*PROBE_WAITS, PROBE_WAITS[-1]):
        time.now += wait
        assert breaker.refusal() is None
        assert breaker.refusal() is not None
        breaker.silent("still none")
        refused = breaker.refusal()
        assert refused is not None
        waits.append(refused[1])
    time.now += PROBE_WAITS[-1]
    assert breaker.refusal() is None
    breaker.answered()

    assert [*PROBE_WAITS[1:], PROBE_WAITS[-1], PROBE_WAITS[-1]] == waits
    assert [None, None] == [breaker.refusal() for _ in range(2)]


def test_calls_that_had_begun_before_do_not_make_it_worse() -> None:
    """Forty that time out together are one outage."""
    time = Time()
    breaker = opened(time)
    for _ in range(40):
        breaker.silent("no answer")

    assert ("no answer", PROBE_WAITS[0]) == breaker.refusal()


def test_a_probe_that_never_reports_is_followed_by_another() -> None:
    """Its thread died."""
    time = Time()
    breaker = opened(time)
    time.now += PROBE_WAITS[0]
    assert breaker.refusal() is None
    time.now += PROBE_WAITS[-1]

    assert breaker.refusal() is None


def test_a_pause_that_was_asked_for_is_kept() -> None:
    """Once is enough."""
    time = Time()
    breaker = Breaker(time)
    breaker.pause("answered 429", 30)

    assert ("answered 429", 30) == breaker.refusal()
    time.now += 30
    assert breaker.refusal() is None


def failing(error: OutsideServiceError) -> Callable[[], None]:
    """A call that fails so."""

    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "is_refused"),
    [
        (SILENT, True),
        (TemporaryError(PAGER.title, "answered 500", status=500), False),
        (PermanentError(PAGER.title, "answered 400", status=400), False),
        (TemporaryError("incident store", "does not answer"), False),
    ],
)
def test_what_counts_is_that_nothing_answers(error: OutsideServiceError, is_refused: bool) -> None:
    """Not what it answers, and not what is wrong with our own store."""
    settings = Settings.model_validate({"pagerduty": {"url": f"http://{error}.example"}})
    for _ in range(OPENS_AFTER):
        with pytest.raises(type(error)):
            reach(PAGER, settings, failing(error))

    assert is_refused == (breaker_of(PAGER, settings).refusal() is not None)
    if is_refused:
        with pytest.raises(NotAnswering, match="it does not answer: got no connection") as caught:
            reach(PAGER, settings, failing(error))
        assert caught.value.retry_after is not None
        mended = settings.model_copy(
            update={"pagerduty": settings.pagerduty.model_copy(update={"url": "http://b.example"})}
        )
        reach(PAGER, mended, lambda: None)


def test_a_service_s_wish_is_kept_up_to_a_limit() -> None:
    """`Retry-After`: an hour would be too long for a page."""
    wish = TemporaryError(PAGER.title, "answered 429", status=429, retry_after=3600)
    settings = Settings.model_validate({"pagerduty": {"url": "http://wish.example"}})
    with pytest.raises(TemporaryError):
        reach(PAGER, settings, failing(wish))
    refused = breaker_of(PAGER, settings).refusal()

    assert refused is not None
    assert refused[1] <= settings.paging.longest_retry_after
