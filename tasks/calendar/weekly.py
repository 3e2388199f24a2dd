"""The weekly review: corrective actions that are overdue (AEEF incident guide)."""

from __future__ import annotations

from datetime import datetime

from schemas.calendar import Line, Period
from schemas.incident import Severity
from schemas.settings import Settings
from tasks.calendar.drawn import MOST_LINES, Drawn, line_of, section
from tasks.corrective.overdue import overdue_lines, overdue_now
from tasks.store import Store

GRAVE = (Severity.P1, Severity.P2)


def weekly(period: Period, now: datetime, store: Store, _settings: Settings) -> Drawn:
    """What is overdue, what is open, which reviews are due, and the P1 and P2 of the week."""
    late, unsettled = overdue_now(store, now), store.corrective.unsettled()
    overdue, numbers = late.found, {each.number for each in late.found}
    others = [each for each in unsettled.found if each.number not in numbers]
    grave = store.calendar.seen.detected(period.begin, period.end, GRAVE, MOST_LINES + 1)
    due = store.reviews.due(now)
    sections = (
        section(
            "Corrective actions that are overdue",
            [Line(text=each) for each in overdue_lines(overdue, store, now)],
            "No corrective action is overdue.",
        ),
        section(
            "Corrective actions that are open",
            [Line(text=each) for each in overdue_lines(others, store, now)],
            "No other corrective action is open.",
        ),
        section(
            "Reviews of incidents that are due and that nobody has read",
            [line_of(incident, f"due {review.due_at:%Y-%m-%d}") for incident, review in due.found],
        ),
        section(
            "P1 and P2 of the week",
            [line_of(each, each.status.value) for each in grave],
            "There was none.",
        ),
    )
    broken = dict.fromkeys(each.why for each in [*late.broken, *unsettled.broken, *due.broken])
    said = (
        f"{len(overdue)} corrective actions overdue, {len(others)} open; {len(due.found)} reviews"
        f" due; {len(grave)} P1 and P2"
    )
    if broken:
        said += f"; {len(broken)} CANNOT BE READ"
    return Drawn(sections, said, tuple(broken))
