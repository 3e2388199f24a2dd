"""Who somebody of Slack or PagerDuty is: a person of `[people]`, by the id they have there."""

from __future__ import annotations

from schemas.people import Actor, Method
from schemas.settings import Settings


def by_pagerduty(user_id: str, name: str, settings: Settings) -> Actor:
    """Somebody with a login in PagerDuty, which signed that they did it."""
    people = settings.people.values()
    known = next((each for each in people if each.pagerduty == user_id and user_id), None)
    return Actor(known.name if known else f"PagerDuty user {name}", Method.PAGERDUTY, known)


def by_slack(user_id: str, name: str, settings: Settings) -> Actor:
    """Somebody of the Slack workspace, which signed that they asked for it."""
    people = settings.people.values()
    known = next((each for each in people if each.slack == user_id and user_id), None)
    return Actor(known.name if known else f"Slack user {name}", Method.SLACK, known)
