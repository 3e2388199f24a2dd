"""Verifies the times of incidents, which are only an index, against the entries."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, select

from schemas.errors import AuditBroken
from tasks.store.database.tables import moments
from tasks.store.moments.replay import Replay

_OF_ONE_QUESTION = 200


class Times:
    """Compares the times of many incidents, some hundred at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._expected: dict[str, list[dict[str, Any]]] = {}

    def verify(self, row: Row[Any], replay: Replay) -> None:
        """Those of the incident of this row, now or with the next ones."""
        self._expected[row.id] = list(replay.rows(row.id, json.loads(row.document)))
        if bool(row.is_drill) != replay.is_drill:
            raise AuditBroken(
                f"incident {row.id} is {'' if row.is_drill else 'not '}marked as a drill, which"
                " its first audit entry says otherwise: it was changed outside AEEF Runbooks"
            )
        if len(self._expected) >= _OF_ONE_QUESTION:
            self.end()

    def end(self) -> None:
        """Those that are left. Raises AuditBroken that names the first one that is wrong."""
        query = select(moments).where(moments.c.incident_id.in_(sorted(self._expected)))
        found: dict[str, list[dict[str, Any]]] = {each: [] for each in self._expected}
        for row in self._connection.execute(query.order_by(moments.c.occurrence)).mappings():
            found[row["incident_id"]].append(dict(row))
        for incident_id, expected in self._expected.items():
            if found[incident_id] != expected:
                raise AuditBroken(_what_differs(incident_id, expected, found[incident_id]))
        self._expected = {}


def _what_differs(
    incident_id: str, expected: list[dict[str, Any]], found: list[dict[str, Any]]
) -> str:
    for wanted, has in zip(expected, found, strict=False):
        for name, value in wanted.items():
            if has[name] != value:
                return (
                    f"{name} of incident {incident_id}, occurrence {wanted['occurrence']}, is"
                    f" {has[name]} in the table of times, but {value} by the audit log: it was"
                    " changed outside AEEF Runbooks"
                )
    return (
        f"the table of times has {len(found)} occurrences of incident {incident_id}, but the audit"
        f" log {len(expected)}: it was changed outside AEEF Runbooks"
    )
