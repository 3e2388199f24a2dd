"""Each requirement is proved by a test, or it is said why not; and the page says the same."""

from __future__ import annotations

from collections import Counter

import pytest

from requirements.marks import TESTS, proofs, proofs_in
from requirements.requirement import sources
from requirements.write import PAGE, page

EVERY = [each for source in sources() for each in source.requirement]


def test_the_page_is_what_the_tests_say() -> None:
    """Write it anew: `make requirements`."""
    assert page() == PAGE.read_text("utf-8")


def test_every_mark_names_a_requirement() -> None:
    """An unknown id proves nothing."""
    assert set() == set(proofs()) - {each.id for each in EVERY}


def test_no_requirement_has_lost_its_last_test() -> None:
    """Each has a test, or says why it has none."""
    known = proofs()
    unproved = [each.id for each in EVERY
                if not (known.get(each.id) or each.rests_on or each.without_tests)]  # fmt: skip

    assert [] == unproved


def test_no_reason_is_left_over() -> None:
    """What a test proves is neither outside, nor missing, nor waited for."""
    known = proofs()

    assert [] == [each.id for each in EVERY if each.without_tests and each.id in known]
    assert [] == [each.id for each in EVERY if bool(each.outside) + bool(each.not_met) > 1]


def test_ids_are_there_once_and_what_they_rest_on_is_there() -> None:
    """A typing mistake would lead nowhere."""
    times = Counter(each.id for each in EVERY)

    assert [] == [name for name, count in times.items() if count > 1]
    assert set() == {name for each in EVERY for name in each.rests_on} - set(times)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("@pytest.mark.proves('A')\ndef helper(): ...", "stands on no test"),
        ("pytestmark = pytest.mark.proves('A')", "stands on no test"),
        ("@pytest.mark.proves(*IDS)\ndef test_a(): ...", "plain ids only|names nothing"),
        ("@pytest.mark.proves()\ndef test_a(): ...", "names nothing"),
    ],
)
def test_a_mark_that_proves_nothing_is_found(source: str, why: str) -> None:
    """It would look as if something were proved."""
    with pytest.raises(AssertionError, match=why):
        list(proofs_in(source, TESTS / "test_it.py"))
