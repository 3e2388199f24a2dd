"""Scheduled: the reviews by the calendar, drawn up once for each week, month and quarter."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from schemas.calendar import Kind
from schemas.settings import load_settings
from tasks.calendar.draw_up import draw_up
from tasks.calendar.wording import markdown
from tasks.incident.artifacts import markdown_artifact


def _drawn_up(kind: Kind) -> State[str]:
    settings = load_settings()
    done = draw_up(kind, settings)
    markdown_artifact(f"{kind.value}-review", markdown(done.review, settings), done.review.title)
    return Completed(message=done.said)


@flow(name="review", retries=3, retry_delay_seconds=60)
def weekly() -> State[str]:
    """Corrective actions that are overdue, reviews that are due."""
    return _drawn_up(Kind.WEEKLY)


@flow(name="review", retries=3, retry_delay_seconds=60)
def monthly() -> State[str]:
    """What was only logged, trends, the backlog of the sprint."""
    return _drawn_up(Kind.MONTHLY)


@flow(name="review", retries=3, retry_delay_seconds=60)
def quarterly() -> State[str]:
    """Retention, contacts, access, the restore drill."""
    return _drawn_up(Kind.QUARTERLY)
