"""When a page is tried again, and what counts as a page about the incident itself."""

from __future__ import annotations

import pytest

from schemas.errors import OutsideServiceError, PermanentError, TemporaryError
from schemas.settings.paging import PagingSettings
from tasks.notify.page_round import are_for_good, wait_after
from tasks.store.claim_keys import is_the_incident

PAGING = PagingSettings()
SILENT = TemporaryError("PagerDuty", "answered 500")
REFUSED = PermanentError("PagerDuty", "answered 400")


def test_the_wait_doubles_up_to_a_limit() -> None:
    """One, two, four seconds, and never more than half a minute."""
    waits = [wait_after(tries, [SILENT], PAGING) for tries in (1, 2, 3, 4, 5, 6, 60)]

    assert [1, 2, 4, 8, 16, 30, 30] == waits


@pytest.mark.parametrize(
    ("errors", "seconds"),
    [
        ([], 1),
        ([TemporaryError("PagerDuty", "answered 429", retry_after=20)], 20),
        ([TemporaryError("PagerDuty", "answered 429", retry_after=3600)], 60),
        ([REFUSED], 60),
        ([REFUSED, SILENT], 1),
    ],
)
def test_what_a_service_says_counts(errors: list[OutsideServiceError], seconds: float) -> None:
    """Its wish up to a limit; a refusal for good is asked seldom, unless another may take it."""
    assert seconds == wait_after(1, errors, PAGING)
    assert are_for_good(errors) == (errors == [REFUSED])


@pytest.mark.parametrize(
    ("about", "is_it"),
    [
        ("", True),
        ("occurrence-2", True),
        ("escalation:P1", False),
        ("escalation:P1:occurrence-2", False),
        ("security:occurrence-2", False),
    ],
)
def test_a_relapse_is_the_incident(about: str, is_it: bool) -> None:
    """It is an alert of its own in every channel: it rings, and is called so."""
    assert is_it == is_the_incident(about)
