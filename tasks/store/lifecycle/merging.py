"""Incidents that are one, and incidents that have to do with each other."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from schemas.errors import NotPossibleNow
from schemas.incident import Incident
from schemas.lifecycle import Disposition, Verb
from tasks.store.database.tables import alerts, related, standings
from tasks.store.lifecycle.changing import raise_severity
from tasks.store.lifecycle.ending import end
from tasks.store.lifecycle.guard import require
from tasks.store.lifecycle.owed_review import give_review
from tasks.store.lifecycle.standings import change_standing, standing_of
from tasks.store.records import Change, incident_of


def merge(change: Change, row: Row[Any], into: Row[Any], actor: str, reason: str) -> bool:
    """This one is a duplicate: it is resolved, and its alerts belong to the other from now on.

    False when that was done before. The other one gets its services, and its severity if worse.
    """
    connection = change.chain.connection
    other = Change(change.chain, incident_of(into))
    if standing_of(connection, row).merged_into == other.incident.incident_id:
        return False
    if into.id == row.id:
        raise NotPossibleNow(f"{change.incident.title} cannot be merged into itself")
    if change.incident.is_drill is not other.incident.is_drill:
        raise NotPossibleNow(
            f"{change.incident.title} cannot be merged into {other.incident.title}: one is a drill,"
            " and the other is not"
        )
    require(Verb.MERGE, change.incident)
    require(Verb.MERGE, other.incident)
    _give_alerts(connection, row, into)
    _take_over(change.incident, other, actor)
    give_review(change.incident, row, other, into)
    _relate(connection, row.id, into.id)
    cause = change.incident.root_cause or f"see {other.incident.reference}"
    why = f"the same as {other.incident.reference}" + (f", {reason}" if reason else "")
    end(change, Disposition.DUPLICATE, actor, why, cause=cause)
    change_standing(connection, change.incident, merged_into=into.id)
    # What was merged into this one before belongs to the other now, too.
    earlier = update(standings).where(standings.c.merged_into == row.id)
    connection.execute(earlier.values(merged_into=into.id))
    return True


def relate(change: Change, row: Row[Any], to: Row[Any], actor: str, reason: str) -> bool:
    """The two have to do with each other, which both records say; False: they said so before."""
    if to.id == row.id:
        raise NotPossibleNow(f"{change.incident.title} cannot be linked to itself")
    if not _relate(change.chain.connection, row.id, to.id):
        return False
    other = Change(change.chain, incident_of(to))
    why = f": {reason}" if reason else ""
    for each, of in ((change, other.incident), (other, change.incident)):
        each.record(
            f"linked with {of.reference}{why}",
            actor=actor,
            automated=False,
            details={"linkedWith": str(of.incident_id)},
        )
    return True


def _take_over(merged: Incident, other: Change, actor: str) -> None:
    """The other one's record says what it took over."""
    old = other.incident.affected_services
    services = [each for each in merged.affected_services if each not in old]
    other.record(
        f"{merged.reference} was merged into this one: its alerts belong here from now on"
        + (f"; affected services added: {', '.join(services)}" if services else ""),
        actor=actor,
        automated=False,
        details={"merged": str(merged.incident_id)},
        affected_services=[*old, *services],
    )
    if merged.severity.is_worse_than(other.incident.severity):
        before = other.incident.severity
        text = f"severity {before} → {merged.severity}: {merged.reference} had it"
        raise_severity(other, merged.severity, actor, text)


def _give_alerts(connection: Connection, row: Row[Any], into: Row[Any]) -> None:
    """Every alert that the other one does not have yet; what is known of the rest stays."""
    has = select(alerts.c.key_hash).where(alerts.c.incident_id == into.id)
    query = select(alerts).where(alerts.c.incident_id == row.id, alerts.c.key_hash.not_in(has))
    for each in connection.execute(query).all():
        connection.execute(insert(alerts).values({**each._asdict(), "incident_id": into.id}))


def _relate(connection: Connection, one: str, two: str) -> bool:
    pair = (related.c.incident_id == one) & (related.c.other_id == two)
    if connection.execute(select(related).where(pair)).first() is not None:
        return False
    both = [{"incident_id": a, "other_id": b} for a, b in ((one, two), (two, one))]
    connection.execute(insert(related), both)
    return True
