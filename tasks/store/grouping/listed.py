"""The alerts of an incident for people: what says the same is one line, with its count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, select

from schemas.incident import Severity
from tasks.store.database.database import Database
from tasks.store.database.tables import alerts
from tasks.store.records import find


class ListedAlert(NamedTuple):
    """One alert of an incident, or several that say the same. over_at: when the last was over."""

    severity: Severity
    service: str | None
    source: str
    said: str
    times: int
    first_at: datetime
    last_at: datetime
    over_at: datetime | None

    @property
    def line(self) -> str:
        """For people: `3 times 11-27 01:02:03 to 11-27 01:05:00 UTC: P1 shop: it fails (api)`."""
        span = f"{self.first_at:%m-%d %H:%M:%S}"
        if self.times > 1:
            span = f"{self.times} times {span} to {self.last_at:%m-%d %H:%M:%S}"
        state = f", over at {self.over_at:%H:%M:%S}" if self.over_at else ""
        about = f" {self.service}" if self.service else ""
        return f"{span} UTC: {self.severity}{about}: {self.said} ({self.source}){state}"

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "severity": self.severity.value,
            "service": self.service,
            "source": self.source,
            "said": self.said,
            "count": self.times,
            "first": self.first_at.isoformat(),
            "last": self.last_at.isoformat(),
            "over": self.over_at and self.over_at.isoformat(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ListedAlert:
        """The one that `to_json` gave."""
        first, last, over = (data[name] for name in ("first", "last", "over"))
        return cls(
            severity=Severity(data["severity"]),
            service=data["service"],
            source=data["source"],
            said=data["said"],
            times=data["count"],
            first_at=datetime.fromisoformat(first),
            last_at=datetime.fromisoformat(last),
            over_at=datetime.fromisoformat(over) if over else None,
        )


def alerts_of(database: Database, incident_id: UUID | str) -> list[ListedAlert]:
    """The alerts of an incident, newest first."""
    with database.read() as connection:
        mine = alerts.c.incident_id == find(connection, incident_id).id
        query = select(alerts).where(mine).order_by(alerts.c.last_at.desc(), alerts.c.key_hash)
        return together(_listed(row) for row in connection.execute(query))


def together(found: Iterable[ListedAlert]) -> list[ListedAlert]:
    """One line for those that say the same of the same service, in the order of the first."""
    lines: dict[tuple[object, ...], ListedAlert] = {}
    for each in found:
        same = (each.severity, each.service, each.source, each.said)
        other = lines.get(same)
        lines[same] = each if other is None else _one_line(other, each)
    return list(lines.values())


def _one_line(one: ListedAlert, other: ListedAlert) -> ListedAlert:
    ends = [each.over_at for each in (one, other) if each.over_at]
    return one._replace(
        times=one.times + other.times,
        first_at=min(one.first_at, other.first_at),
        last_at=max(one.last_at, other.last_at),
        over_at=max(ends) if len(ends) == 2 else None,
    )


def _listed(row: Row[Any]) -> ListedAlert:
    return ListedAlert(
        Severity(row.severity),
        row.service,
        row.source,
        row.said,
        row.times,
        datetime.fromisoformat(row.first_at),
        datetime.fromisoformat(row.last_at),
        row.over_at and datetime.fromisoformat(row.over_at),
    )
