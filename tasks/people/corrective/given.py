"""What people give for a corrective action: which one, whose, until when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.corrective import CorrectiveAction, Stage
from schemas.errors import InvalidInput, NotPossibleNow
from schemas.model import utc_now
from schemas.people import Actor
from schemas.settings import Settings
from tasks.corrective.wording import stands
from tasks.people.act import Hand, Shown
from tasks.people.colleagues import colleague
from tasks.people.fields import REST, MaybeWords, Words

LONGEST = timedelta(days=3650)
_REFERENCE = re.compile(r"(?:CA-)?([0-9]{1,9})", re.ASCII | re.IGNORECASE)
_DAYS = re.compile(r"([0-9]{1,4}) ?(?:d|days?)", re.IGNORECASE)
_NAME = re.compile(r"[^\W_][\w.' -]{0,99}")

Which = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=20),
    Field(description="Which: CA-12. Not needed where CA-12 is given in place of the incident."),
]
Day = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40),
    Field(description="A day, as 2026-12-24, or in how many days, as 14d."),
]
Because = Annotated[Words, Field(description="Why; goes on record.", json_schema_extra=REST)]
PersonGiven = Annotated[MaybeWords, Field(description="A name of [people].")]


def which_action(hand: Hand, given: str) -> CorrectiveAction:
    """The action that is meant: by its name, by the incident's, or the only one of the incident.

    Raises InvalidInput, which lists them.
    """
    wanted = given or (hand.incident_id if hand.incident_id.upper().startswith("CA-") else "")
    there = hand.store.corrective.of(hand.incident_id)
    if not wanted and len(there) == 1:
        return there[0]
    names = ", ".join(each.reference for each in there) or "none"
    number = _REFERENCE.fullmatch(wanted)
    if number is None:
        raise InvalidInput(f"action: say which, as CA-12; {hand.incident.title} has: {names}")
    for each in there:
        if each.number == int(number[1]):
            return each
    raise InvalidInput(
        f"action: CA-{int(number[1])} is none of {hand.incident.title}, which has: {names}"
    )


def person_given(given: str, field: str, settings: Settings, *, otherwise: Actor | None) -> str:
    """The name of a person for an action. otherwise: who it is when none is given.

    Of `[people]`, where anybody is configured. Raises InvalidInput.
    """
    if not given:
        if otherwise is None:
            raise InvalidInput(f"{field}: name a person")
        return otherwise.person.name if otherwise.person else otherwise.name
    if settings.people:
        return colleague(given, field, settings)
    if not _NAME.fullmatch(given):
        raise InvalidInput(f"{field}: {given[:60]!a} is no name: letters, digits, . ' - and spaces")
    return given


def day_given(given: str, field: str, now: datetime) -> datetime:
    """The end of the day that is meant, or the moment. Raises InvalidInput, also for the past."""
    try:
        if days := _DAYS.fullmatch(given):
            found = now + timedelta(days=int(days[1]))
        elif len(given) == len("2026-12-24"):
            found = datetime.combine(date.fromisoformat(given), time(23, 59, 59), UTC)
        else:
            found = datetime.fromisoformat(given)
            found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{field}: {given[:40]!a} is no day: write 2026-12-24, or 14d for in 14 days"
        ) from None
    if not now < found <= now + LONGEST:
        raise InvalidInput(f"{field}: {found:%Y-%m-%d} is over, or too far away")
    return found


def choice(*stages: Stage) -> Callable[[Hand], list[Shown]]:
    """Shows which actions of the incident are in these stages; raises when there is none."""

    def shows(hand: Hand) -> list[Shown]:
        now = utc_now()
        there = hand.store.corrective.of(hand.incident_id)
        found = [each for each in there if each.stage in stages]
        if not found:
            raise NotPossibleNow("no corrective action is in such a stage")
        lines = [f"{each.reference} ({stands(each, now)}): {each.text}" for each in found]
        return [Shown("\n".join(lines), {"action": found[0].reference} if len(found) == 1 else {})]

    return shows
