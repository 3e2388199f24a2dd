"""Reads our own alert JSON: one alert, or a list."""

from __future__ import annotations

from typing import Any

from schemas.errors import InvalidInput
from schemas.incident import Alert
from tasks.incident.open_incident import parse_alert

MOST_ALERTS = 1000


def read_alerts(data: Any) -> list[Alert]:
    """One alert or a list of them; if one is invalid, none is taken. Raises InvalidInput."""
    if not isinstance(data, list):
        return [parse_alert(data)]
    if not 0 < len(data) <= MOST_ALERTS:
        raise InvalidInput(f"body: a list of 1 to {MOST_ALERTS} alerts was expected")
    alerts, problems = [], []
    for index, each in enumerate(data):
        try:
            alerts.append(parse_alert(each))
        except InvalidInput as error:
            problems.append(f"[{index}] {error}")
    if problems:
        raise InvalidInput("nothing was taken: " + "; ".join(problems[:20]))
    return alerts
