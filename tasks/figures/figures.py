"""The figures of a time, and the incidents that each of them counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from schemas.errors import InvalidInput
from schemas.figures import By, Figures, Question, figures_of
from schemas.figures.since import moment_of
from schemas.settings import Settings
from schemas.settings.teams import team_of
from tasks.store import Store

USUAL_DAYS = 30
IN_ADDRESS = ("since", "until", "by", "drills")
"""What a question is made of, in an address and on a command line."""


def question_of(given: Mapping[str, str], now: datetime) -> Question:
    """The question of an address: `since` and `until` as days, times or spans (`30d`).

    Without them the last 30 days. Raises InvalidInput that names what is wrong.
    """
    since, until = given.get("since", ""), given.get("until", "")
    wanted: dict[str, Any] = {
        "since": moment_of(since, now) if since else now - timedelta(days=USUAL_DAYS),
        "until": moment_of(until, now, "until") if until else now,
        "by": given.get("by") or By.SEVERITY,
        "drills": given.get("drills", "") in ("1", "true", "yes", "on"),
        "now": now,
    }
    try:
        return Question.model_validate(wanted)
    except ValidationError as error:
        names = ", ".join(str(each["loc"][0]) for each in error.errors(include_input=False))
        raise InvalidInput(f"{names}: by is one of {', '.join(By)}") from None


def address_of(question: Question) -> dict[str, str]:
    """The same question as an address has it, exact and whenever it is asked."""
    named = {"since": question.since.isoformat(), "until": question.until.isoformat()}
    return {**named, "by": question.by.value, **({"drills": "1"} if question.drills else {})}


def figures(question: Question, store: Store, settings: Settings) -> Figures:
    """The figures that a question asks for."""
    parts = store.moments.gathered(question)
    if question.by is By.TEAM:
        parts = [each._replace(name=team_of(each.service, each.name, settings)) for each in parts]
    return figures_of(question, parts)


def members(
    question: Question, figure: str, group: str | None, store: Store, settings: Settings
) -> list[UUID]:
    """The incidents that a figure counts, the newest first. group: None: of all groups.

    figure: see `schemas.figures.FIGURES`; raises InvalidInput for any other.
    """
    found = store.moments.counted(question, figure, group)
    if question.by is By.TEAM and group is not None:
        found = [each for each in found if team_of(each.service, each.team, settings) == group]
    return [UUID(each) for each in dict.fromkeys(each.incident_id for each in found)]
