"""How a corrective action goes from stage to stage: who may, when it is looked at, when late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.corrective import (
    Category,
    CorrectiveAction,
    Stage,
    Turned,
    Waiver,
    categories_of,
    is_overdue,
    looks_due,
    next_look,
)
from schemas.corrective.transitions import (
    change,
    end_waiver,
    mark_done,
    reopen,
    require_two_people,
    see_effect,
    verify,
    waive,
)
from schemas.errors import AeefError, InvalidInput, NotAllowed, NotPossibleNow

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def an_action(**fields: object) -> CorrectiveAction:
    """Ann does it within ten days, Bob verifies it."""
    values: dict[str, object] = {
        "number": 7,
        "incident_id": uuid4(),
        "category": Category.TEST,
        "text": "a test",
        "owner": "ann",
        "verifier": "bob",
        "due_at": NOW + 10 * DAY,
        "created_at": NOW,
        "created_by": "eve (token)",
    }
    return CorrectiveAction.model_validate({**values, **fields})


def verified(**fields: object) -> CorrectiveAction:
    """One that was done on the first day and verified then."""
    done = mark_done(an_action(**fields), NOW, "ann (token)").action
    return verify(done, NOW, "bob (slack)").action


@pytest.mark.proves("IR-ACTIONS-VERIFIED")
@pytest.mark.parametrize("verifier", ["ann", "Ann", "ann (token)", "local user ann, not proven"])
def test_whoever_does_it_does_not_verify_it(verifier: str) -> None:
    """However they are written."""
    with pytest.raises(InvalidInput, match="somebody else has to verify it"):
        require_two_people("ann", verifier)


@pytest.mark.parametrize(
    ("by", "why"),
    [("ann (token)", "owns it"), ("rob (slack)", "said that it is done"), ("rob", "said that")],
)
def test_its_owner_and_whoever_said_that_it_is_done_do_not_verify_it(by: str, why: str) -> None:
    """By another way in neither."""
    done = mark_done(an_action(), NOW, "rob (token)").action

    with pytest.raises(NotAllowed, match=why):
        verify(done, NOW, by)
    assert Stage.VERIFIED is verify(done, NOW, "cleo (token)").action.stage


def test_what_its_stage_does_not_allow() -> None:
    """It says how it stands."""
    done = mark_done(an_action(), NOW, "ann").action
    waiver = Waiver(owner="eve", why="x", until=NOW)
    refused: tuple[tuple[Callable[[], Turned], str], ...] = (
        (lambda: verify(an_action(), NOW, "bob"), "open, and ann does it"),
        (lambda: reopen(an_action(), "bob", "x", NOW), "open, and ann"),
        (lambda: mark_done(done, NOW, "x"), "bob has not verified"),
        (lambda: waive(verified(), waiver, "eve"), "waive what is open"),
        (lambda: change(verified(), owner="cleo", why="x"), "reopen it first"),
        (lambda: change(done, owner="cleo", why="x"), "it keeps its owner"),
    )
    for turn, why in refused:
        with pytest.raises(NotPossibleNow, match=why):
            turn()


def test_a_waiver_is_not_its_owner_s_and_ends() -> None:
    """Until then nothing is overdue; afterwards it is open, and somebody has to know."""
    until = NOW + 20 * DAY
    with pytest.raises(NotAllowed):
        waive(an_action(), Waiver(owner="ann (token)", why="x", until=until), "eve")
    waived = waive(an_action(), Waiver(owner="eve", why="no time", until=until), "eve").action
    again = end_waiver(waived, until, until + 5 * DAY)

    assert (None, until) == (end_waiver(waived, until - DAY, NOW), next_look(waived))
    assert [False, True] == [is_overdue(waived, until - DAY), is_overdue(waived, until)]
    assert again is not None
    assert (Stage.OPEN, 2, until + 5 * DAY) == (
        again.action.stage, again.action.times_opened, again.action.due_at
    )  # fmt: skip
    assert again.action.waiver == waived.waiver
    assert set() == categories_of([waived])


@pytest.mark.proves("IR-ACTIONS-EFFECT")
def test_each_look_is_made_once_and_what_was_not_seen_again() -> None:
    """After 30 and 90 days of being verified; nothing new is no change."""
    action = verified()
    days = [NOW + n * DAY for n in (29, 30, 31, 90)]
    first = see_effect(action, days[1], (30,), (None, "no target"), NOW)
    assert first is not None
    seen = see_effect(first.action, days[2], (30,), (True, "none came back"), NOW)
    assert seen is not None

    assert [(), (30,), (30,), (30, 90)] == [looks_due(action, each) for each in days]
    assert [(), (30,), (30,), (30, 90)] == [looks_due(first.action, each) for each in days]
    assert [(), (), (), (90,)] == [looks_due(seen.action, each) for each in days]
    assert see_effect(first.action, days[2], (30,), (None, "no target"), NOW) is None
    assert "NOT seen" in first.said
    assert (Stage.VERIFIED, NOW + 90 * DAY) == (seen.action.stage, next_look(seen.action))


def test_what_did_not_work_is_open_again_and_looked_at_anew() -> None:
    """Its earlier looks stay on record, and do not count for the next verification."""
    turned = see_effect(verified(), NOW + 30 * DAY, (30,), (False, "#9"), NOW + 44 * DAY)
    assert turned is not None
    done = mark_done(turned.action, NOW + 40 * DAY, "ann").action
    again = verify(done, NOW + 41 * DAY, "bob").action

    assert (Stage.OPEN, None, 2) == (
        turned.action.stage, turned.action.verified_at, turned.action.times_opened
    )  # fmt: skip
    assert (NOW + 71 * DAY, 1, {}) == (next_look(again), len(again.effects), again.present_effects)


@pytest.mark.parametrize(
    ("by", "answers"), [("ann (token)", "eve"), ("eve", "ann"), ("bob", "eve"), ("eve", "Bob")]
)
def test_who_gave_it_away_waives_it_no_more_than_its_owner(by: str, answers: str) -> None:
    """Neither as whoever says so nor as whoever answers for it, also when it came back."""
    given = change(an_action(verifier="cleo"), owner="bob", why="x").action
    back = change(change(given, owner="ann", why="x").action, owner="bob", why="x").action
    waiver = Waiver(owner=answers, why="x", until=NOW + DAY)

    for action in (given, back):
        with pytest.raises(NotAllowed, match=r"own(s|ed) it"):
            waive(action, waiver, by)
    assert ("ann", "bob") == back.given_by
    assert (
        Stage.WAIVED is waive(back, waiver.model_copy(update={"owner": "eve"}), "eve").action.stage
    )


TURNS = st.sampled_from(["done", "verify", "waive", "reopen", "end", "yes", "no", "unseen"])


@given(turns=st.lists(TURNS, max_size=25), gaps=st.lists(st.integers(1, 40), max_size=25))
def test_whatever_happens_it_stays_true_to_itself(turns: list[str], gaps: list[int]) -> None:
    """Verified means by somebody else, a look is due only of what is verified, JSON keeps all."""
    action, now = an_action(), NOW
    for turn, gap in zip(turns, gaps, strict=False):
        now += gap * DAY
        due = looks_due(action, now)
        waiver = Waiver(owner="eve", why="x", until=now + DAY)
        worked = {"yes": True, "no": False}.get(turn)
        does: dict[str, Callable[[], Turned | None]] = {
            "done": lambda a=action, n=now: mark_done(a, n, "ann"),  # type: ignore[misc]
            "verify": lambda a=action, n=now: verify(a, n, "bob"),  # type: ignore[misc]
            "waive": lambda a=action, w=waiver: waive(a, w, "eve"),  # type: ignore[misc]
            "reopen": lambda a=action, n=now: reopen(a, "bob", "x", n),  # type: ignore[misc]
            "end": lambda a=action, n=now: end_waiver(a, n, n),  # type: ignore[misc]
        }
        try:
            turned = (
                does[turn]() if turn in does else see_effect(action, now, due, (worked, "x"), now)
            )
        except AeefError:
            continue
        action = turned.action if turned else action
        assert (action.stage is Stage.VERIFIED) == (action.verified_by is not None)
        assert not looks_due(action, now) or action.stage is Stage.VERIFIED
        assert (next_look(action) is None) or action.stage in (Stage.VERIFIED, Stage.WAIVED)
        assert action == CorrectiveAction.model_validate(action.to_json())
