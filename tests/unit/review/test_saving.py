"""What a page sends of a text: what is kept of it, and what it is held against."""

from __future__ import annotations

import pytest

from deployments.intake.pages.review.saving import Sent, sent_of
from schemas.errors import InvalidInput
from schemas.review import LONGEST_ANSWER

STANDS, SAYS = "Ann's.", "The record's."


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"text": "mine"}, "mine"),
        ({"text": "\r\n  mine\r\nis this \r\n"}, "  mine\nis this"),
        ({"text": "mine", "keep": "both"}, "Ann's.\n\nmine"),
        ({"text": "Ann's.\n\nmine", "keep": "both"}, "Ann's.\n\nmine"),
        ({"text": "", "keep": "proposal"}, "The record's."),
        ({"text": "mine", "keep": "mine"}, "mine"),
        ({}, ""),
    ],
)
def test_what_is_kept(form: dict[str, str], text: str) -> None:
    """Line ends are those of Unix; nothing is there twice."""
    found = sent_of({"seen": "3", **form}, STANDS, SAYS)

    assert text == found.text.strip("\n")
    assert (3, False) == (found.seen, found.goes_on)


def test_what_the_script_sends_goes_on() -> None:
    """It goes on record when its writer has ended."""
    assert Sent("a", 0, goes_on=True) == sent_of({"text": "a", "seen": "0", "on": "yes"}, "", "")


@pytest.mark.parametrize("seen", ["", "-1", "x", "1e3", "²", "9" * 10])
def test_a_revision_is_a_number(seen: str) -> None:
    """That of the page."""
    with pytest.raises(InvalidInput, match="seen"):
        sent_of({"text": "a", "seen": seen}, "", "")


def test_both_together_may_be_too_long() -> None:
    """Then nothing is cut off: it is said."""
    long = "x" * LONGEST_ANSWER
    with pytest.raises(InvalidInput, match="at most"):
        sent_of({"text": long, "seen": "0", "keep": "both"}, STANDS, "")
