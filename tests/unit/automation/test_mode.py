"""Which word counts for a target: the newer, but who stops everything stops everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.automation import Automation, Mode, Word

NOW = datetime(2026, 11, 27, 14, 2, 11, tzinfo=UTC)
ON, OBSERVE, OFF = Mode.ON, Mode.OBSERVE, Mode.OFF


def said(*words: tuple[str, Mode] | tuple[str, Mode, float]) -> Automation:
    """The words, the oldest first: of which target, which mode, for how many hours from now."""
    made = []
    for number, (target, mode, *hours) in enumerate(words, 1):
        until = NOW + timedelta(hours=hours[0]) if hours else None
        word = Word(number=number, target=target, mode=mode, why="w", actor="a", since=NOW)
        made.append(word.model_copy(update={"until": until}))
    return Automation(made, NOW)


@pytest.mark.parametrize(
    ("words", "general", "shop"),
    [
        ([], ON, ON),
        ([("", OFF)], OFF, OFF),
        ([("", OFF), ("", ON)], ON, ON),
        ([("shop", OFF)], ON, OFF),
        ([("crm", OFF)], ON, ON),
        # one target is tried out while all the others are only observed
        ([("", OBSERVE), ("shop", ON)], OBSERVE, ON),
        # who stops everything stops what somebody excepted before
        ([("", OBSERVE), ("shop", ON), ("", OFF)], OFF, OFF),
        ([("shop", OBSERVE), ("", OFF)], OFF, OFF),
        # who starts everything does not start what somebody has stopped for a reason
        ([("shop", OFF), ("", ON)], ON, OFF),
        ([("shop", OFF), ("", OBSERVE)], OBSERVE, OFF),
        ([("shop", OFF), ("", ON), ("shop", ON)], ON, ON),
        # an end: what was said before holds again
        ([("", OFF, -1)], ON, ON),
        ([("", OFF, 1)], OFF, OFF),
        ([("", OBSERVE), ("", OFF, -1)], OBSERVE, OBSERVE),
        ([("", OFF), ("", ON, 1)], ON, ON),
        ([("", OFF), ("", ON, -1)], OFF, OFF),
        ([("shop", OFF), ("shop", ON, -1), ("", ON)], ON, OFF),
    ],
)
def test_which_word_counts(words: list[tuple[str, Mode]], general: Mode, shop: Mode) -> None:
    """Row by row."""
    automation = said(*words)

    assert (general, shop) == (automation.of().mode, automation.of("shop").mode)


TARGETS, MODES = st.sampled_from(["", "shop", "crm"]), st.sampled_from(Mode)
ENDS = st.sampled_from([-2.0, 2.0])
WORDS = st.lists(st.tuples(TARGETS, MODES) | st.tuples(TARGETS, MODES, ENDS), max_size=8)


@given(WORDS)
def test_off_everywhere_is_off_for_every_target(words: list[tuple[str, Mode]]) -> None:
    """Whatever was said before."""
    automation = said(*words, ("", OFF))

    assert {OFF} == {automation.of(each).mode for each in (None, "shop", "crm", "other")}


@given(WORDS, MODES)
def test_the_last_word_of_a_target_counts_for_it(words: list[tuple[str, Mode]], mode: Mode) -> None:
    """And for no other one."""
    before, after = said(*words), said(*words, ("shop", mode))

    assert mode is after.of("shop").mode
    assert (before.of().mode, before.of("crm").mode) == (after.of().mode, after.of("crm").mode)


@given(WORDS)
def test_on_everywhere_never_starts_what_was_stopped_for_one_target(
    words: list[tuple[str, Mode]],
) -> None:
    """A target is then on, or not on because somebody has said so of it alone."""
    after, alone = said(*words, ("", ON)), said(*(each for each in words if each[0]))

    for target in ("shop", "crm"):
        assert alone.of(target).mode is after.of(target).mode


def test_people_read_by_whom_since_when_and_why() -> None:
    """Without a target it is said of none; the end is said if there is one."""
    word = Word(number=1, target="shop", mode=OFF, why="we move it", actor="anna", since=NOW)
    ends = word.model_copy(
        update={"target": "", "mode": OBSERVE, "until": NOW + timedelta(hours=4)}
    )

    assert str(word) == (
        "automation is off for shop since 2026-11-27 14:02:11 UTC by anna: we move it"
    )
    assert str(ends) == (
        "automation only observes since 2026-11-27 14:02:11 UTC by anna,"
        " until 2026-11-27 18:02:11 UTC: we move it"
    )
    assert "automation is on" == str(said().of("shop"))


def test_people_are_shown_what_is_not_on_once() -> None:
    """The general word, and each target that differs from it; nothing while all is on."""
    targets = ("crm", "shop")
    differs = said(("", OBSERVE), ("shop", ON)).not_on(targets)
    one = said(("shop", OFF)).not_on(targets)

    assert [] == said(("", OFF), ("", ON)).not_on(targets)
    assert [("", OBSERVE)] == [(w.target, w.mode) for w in said(("", OBSERVE)).not_on(targets)]
    assert [("", OBSERVE), ("shop", ON)] == [(w.target, w.mode) for w in differs]
    assert [("shop", OFF)] == [(w.target, w.mode) for w in one]
