"""The list of incidents: what is asked for in the address, what comes first, one card each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import ValidationError, field_validator

from schemas.errors import InvalidInput
from schemas.incident import Incident, IncidentType, Severity, Status
from schemas.model import Model, utc_now
from schemas.settings import Settings
from tasks.base.trim import one_line
from tasks.store import Store
from tasks.view.bar import bar_of
from tasks.view.seen import sentences_now

SEARCHED = 1000
"""How many of the newest incidents are looked through, beside all that are open."""
MOST_WITH_OWNER = 100
OPEN, ALL = "open", "all"
_SPAN = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class Filter(Model):
    """What the address asks for: `?status=open&severity=P1&service=shop&since=7d&q=checkout`.

    status: `open` is everything that is not over, `all` everything; else one of the statuses'
    words, where `new` is the status open itself. since: a day (2026-11-27), or a span (24h, 7d).
    """

    status: str = ""
    severity: Severity | None = None
    type: IncidentType | None = None
    service: str = ""
    since: str = ""
    q: str = ""

    @field_validator("status")
    @classmethod
    def _known(cls, status: str) -> str:
        known = (OPEN, ALL, "new", *(each.value for each in Status))
        if status and status not in known:
            raise ValueError(f"is one of {', '.join(dict.fromkeys(known))}")
        return status

    @field_validator("since")
    @classmethod
    def _a_time(cls, since: str) -> str:
        if since:
            moment_of(since, utc_now())
        return since

    def takes(self, incident: Incident, now: datetime) -> bool:
        """True when the incident is asked for."""
        return (
            self._takes_status(incident.status)
            and self.severity in (None, incident.severity)
            and self.type in (None, incident.type)
            and (not self.service or self.service in incident.affected_services)
            and (not self.since or incident.detected_at >= moment_of(self.since, now))
            and _has(incident, self.q)
        )

    def those_of(self, incidents: Iterable[Incident]) -> list[Incident]:
        """Those of the incidents that are asked for."""
        now = utc_now()
        return [each for each in incidents if self.takes(each, now)]

    def _takes_status(self, status: Status) -> bool:
        if self.status in ("", ALL):
            return True
        if self.status == OPEN:
            return not status.is_over
        return status == (Status.OPEN if self.status == "new" else self.status)

    @property
    def is_empty(self) -> bool:
        """True when nothing is asked for."""
        return self == Filter()


def filter_of(given: dict[str, Any]) -> Filter:
    """The filter of an address. Raises InvalidInput that names what is wrong."""
    try:
        return Filter.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise InvalidInput(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def moment_of(since: str, now: datetime) -> datetime:
    """The moment of `24h` or `2026-11-27`. Raises ValueError."""
    if span := _SPAN.fullmatch(since):
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise ValueError("is a day such as 2026-11-27, or a span such as 24h, 7d, 2w") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Item(NamedTuple):
    """One incident of the list. holder, sentence: empty for what is over for long."""

    incident: Incident
    holder: str
    sentence: str


def listed(wanted: Filter, store: Store, settings: Settings, *, limit: int = 100) -> list[Item]:
    """What is asked for: open first, by severity and the oldest first; then the newest."""
    now = utc_now()
    is_open = store.incidents(open_only=True, limit=SEARCHED)
    newest = store.incidents(limit=SEARCHED) if wanted.status != OPEN else []
    found = {each.incident_id: each for each in (*is_open, *newest) if wanted.takes(each, now)}
    ordered = sorted(found.values(), key=_order)[:limit]
    return [
        _item(each, store, settings, now, in_full=number < MOST_WITH_OWNER)
        for number, each in enumerate(ordered)
    ]


def _order(incident: Incident) -> tuple[bool, str, float]:
    if incident.status.is_over:
        return True, "", -incident.detected_at.timestamp()
    return False, incident.severity.value, incident.detected_at.timestamp()


def _item(
    incident: Incident, store: Store, settings: Settings, now: datetime, *, in_full: bool
) -> Item:
    if incident.status.is_over or not in_full:
        return Item(incident, "", incident.root_cause or "")
    holder = bar_of(incident, store, settings, now).holder
    return Item(incident, holder, sentences_now(incident, store, settings)[0])


def _has(incident: Incident, words: str) -> bool:
    """True when each of the words is in what people read of it."""
    if not words.strip():
        return True
    texts: Iterable[str] = (
        incident.title,
        incident.public_description,
        incident.root_cause or "",
        *incident.affected_services,
    )
    text = one_line(" ".join(texts)).casefold()
    return all(word in text for word in words.casefold().split())
