"""The facts that people set about a breach, combined; and the state of each clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.breach import (
    Change,
    Clock,
    Kind,
    Standing,
    check_names,
    chosen_regimes,
    clocks_of,
    length,
    situation_of,
)
from schemas.errors import InvalidInput

DETECTED = datetime(2026, 11, 24, 10, tzinfo=UTC)
REGIMES = chosen_regimes(["gdpr-33", "nis2-23", "dora-19"])


def said(kind: Kind, hours: float = 0, **more: Any) -> Change:
    """Somebody sets facts, so many hours after the detection."""
    moment = DETECTED + timedelta(hours=hours)
    return Change.model_validate({"kind": kind, "by": "Ada", "said_at": moment, **more})


def submitted(key: str, hours: float) -> Change:
    """A notification was made."""
    regime, deadline = key.split("/")
    moment = DETECTED + timedelta(hours=hours)
    return said(Kind.SUBMITTED, hours, regime=regime, deadline=deadline, moment=moment)


def clocks(*changes: Change) -> dict[str, Clock]:
    """Every clock after these changes."""
    return {each.key: each for each in clocks_of(situation_of(DETECTED, changes), REGIMES)}


def test_until_people_know_better_awareness_is_the_detection() -> None:
    """An assumption; every clock that depends on it names it."""
    assumed = clocks()["gdpr-33/notification"]
    known = clocks(said(Kind.SET, timestamps={"aware": DETECTED - timedelta(hours=1)}))

    assert DETECTED + timedelta(hours=72) == assumed.deadline.due_at
    assert "'aware' is assumed: when the incident was detected" in assumed.deadline.notes
    assert DETECTED + timedelta(hours=71) == known["gdpr-33/notification"].deadline.due_at
    assert "assumed" not in str(known["gdpr-33/notification"].deadline.notes)


def test_the_last_word_counts() -> None:
    """A later value replaces an earlier one, fact by fact."""
    situation = situation_of(
        DETECTED,
        [
            said(Kind.SET, facts={"people": 10, "high-risk": True}),
            said(Kind.SET, 1, facts={"people": 1200}),
        ],
    )

    assert {"people": 1200, "high-risk": True} == situation.facts


def test_a_submission_stops_its_clock_and_starts_the_next() -> None:
    """NIS2: the final report is due one month after the notification."""
    found = clocks(submitted("nis2-23/notification", 70))

    assert Standing.SUBMITTED is found["nis2-23/notification"].standing
    assert "submitted 2026-11-27 08:00 UTC by Ada" == found["nis2-23/notification"].in_words(
        DETECTED
    )
    assert datetime(2026, 12, 27, 8, tzinfo=UTC) == found["nis2-23/final"].deadline.due_at
    assert Standing.RUNNING is found["nis2-23/early-warning"].standing


def test_the_final_report_of_dora_follows_the_latest_intermediate_one() -> None:
    """The intermediate one follows the first initial one."""
    found = clocks(
        submitted("dora-19/initial", 3),
        submitted("dora-19/initial", 5),
        submitted("dora-19/intermediate", 10),
        submitted("dora-19/intermediate", 240),
    )

    intermediate, final = found["dora-19/intermediate"].deadline, found["dora-19/final"].deadline
    assert DETECTED + timedelta(hours=75) == intermediate.due_at
    assert datetime(2027, 1, 4, 10, tzinfo=UTC) == final.due_at


def test_a_late_submission_is_told_as_late() -> None:
    """The clock still stops."""
    late = clocks(submitted("gdpr-33/notification", 73))["gdpr-33/notification"]

    assert late.in_words(DETECTED).endswith("by Ada, LATE")
    assert not late.is_overdue(DETECTED + timedelta(days=9))


def test_a_named_person_decides_that_a_regime_does_not_apply_and_may_take_it_back() -> None:
    """GDPR: unless the risk is unlikely."""
    decided = said(Kind.NOT_APPLICABLE, regime="gdpr-33", reason="encrypted")
    back = said(Kind.REOPENED, 1, regime="gdpr-33", reason="the key leaked too")
    key = "gdpr-33/notification"

    assert "does not apply, decided by Ada: encrypted" == clocks(decided)[key].in_words(DETECTED)
    assert Standing.RUNNING is clocks(decided, back)[key].standing
    assert Standing.RUNNING is clocks(decided)["nis2-23/notification"].standing


def test_a_submission_by_mistake_is_taken_back() -> None:
    """Its clock runs again, and what followed it does not."""
    mistake = submitted("dora-19/initial", 1)
    back = said(Kind.REOPENED, 2, regime="dora-19", deadline="initial", reason="the wrong form")
    found = clocks(mistake, back)

    assert Standing.RUNNING is found["dora-19/initial"].standing
    assert Standing.NOT_STARTED is found["dora-19/intermediate"].standing


@pytest.mark.parametrize(
    ("hours", "told"),
    [(0, "3 d 0 h left"), (70.5, "1 h 30 min left"), (72, "OVERDUE by 0 s"),
     (74, "OVERDUE by 2 h 0 min")],
)  # fmt: skip
def test_the_time_left(hours: float, told: str) -> None:
    """As a person reads it."""
    clock = clocks()["gdpr-33/notification"]

    assert told == clock.in_words(DETECTED + timedelta(hours=hours))
    assert (hours >= 72) == clock.is_overdue(DETECTED + timedelta(hours=hours))
    assert "59 s" == length(timedelta(seconds=59))


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "set"},
        {"kind": "set", "timestamps": {"yesterday": DETECTED}},
        {"kind": "set", "timestamps": {"submitted:gdpr-33/notification": DETECTED}},
        {"kind": "set", "facts": {"mood": True}},
        {"kind": "set", "facts": {"people": True}},
        {"kind": "set", "facts": {"people": -1}},
        {"kind": "set", "facts": {"death": 3}},
        {"kind": "not-applicable", "regime": "gdpr-33", "reason": "  "},
        {"kind": "not-applicable", "regime": "gdpr-33", "reason": "why not", "by": " "},
        {"kind": "submitted", "regime": "gdpr-33", "deadline": "notification"},
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    """Unknown names, facts of the wrong kind, decisions without a person or a reason."""
    with pytest.raises(ValidationError):
        Change.model_validate({"by": "Ada", "said_at": DETECTED, **change})


def test_unknown_names_are_answered_with_those_that_there_are() -> None:
    """And never repeated."""
    with pytest.raises(InvalidInput, match=r"there are: gdpr-33, nis2-23, dora-19"):
        check_names(REGIMES, "<!channel>", None)
    with pytest.raises(InvalidInput, match=r"it has: initial, intermediate, final"):
        check_names(REGIMES, "dora-19", "middle")
