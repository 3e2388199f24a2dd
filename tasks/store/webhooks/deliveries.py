"""Events on their way to webhooks: queued from the outbox, leased, delivered, or dead.

An event is durable in the outbox with the change that it tells of. Each webhook has read the
outbox up to a number; what is new becomes a delivery, so that nothing is lost by a crash, and who
pages never waits for it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from tasks.base.storable import clean_text, moment_text
from tasks.store.database.database import Database
from tasks.store.database.tables import deliveries, outbox, webhooks
from tasks.store.outbox import AT_ONCE
from tasks.store.webhooks.delivery import Dead, Delivery, State
from tasks.store.webhooks.queue import NEWEST, WAITING, queue

DEAD = "dead"
LONGEST_ERROR = 500


class Deliveries:
    """The deliveries of all webhooks. Threads and intakes may share them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Queue the new events for these webhooks, each with the names of its events.

        A webhook that is new gets what happens from now on.
        """
        with self._database.read() as connection:
            newest = connection.execute(NEWEST).scalar_one()
            read_to = {row.name: row.seq for row in connection.execute(select(webhooks))}
        for name, events in wanted.items():
            if read_to.get(name, -1) < newest:
                self._database.write(partial(queue, name=name, events=events))

    def lease(self, webhook: str, holder: str, limit: int, lease: timedelta) -> list[Delivery]:
        """Lease what is due, oldest first; of one incident nothing before what came first."""
        with self._database.read() as connection:
            now = self._database.lease_now(connection)
            if connection.execute(_due(webhook, now).limit(1)).first() is None:
                return []

        def work(connection: Connection) -> list[Delivery]:
            now = self._database.lease_now(connection)
            rows = connection.execute(_due(webhook, now).limit(limit)).all()
            for row in rows:
                _change(
                    connection, webhook, row.event_id,
                    leased_until=moment_text(now + lease), leased_by=clean_text(holder),
                    attempts=row.attempts + 1,
                )  # fmt: skip
            return [_delivery_of(row) for row in rows]

        return self._database.write(work)

    def delivered(self, delivery: Delivery, at: datetime) -> None:
        """The receiver has it."""

        def work(connection: Connection) -> None:
            gone = delete(deliveries).where(*_is(delivery.webhook, delivery.event_id))
            if connection.execute(gone).rowcount:
                connection.execute(
                    update(webhooks)
                    .where(webhooks.c.name == delivery.webhook)
                    .values(delivered=webhooks.c.delivered + 1, delivered_at=moment_text(at))
                )

        self._database.write(work)

    def failed(self, delivery: Delivery, why: str, wait: timedelta | None) -> None:
        """The receiver has not taken it. wait: until it is tried again; None: it is dead."""

        def work(connection: Connection) -> None:
            now = self._database.lease_now(connection)
            _change(
                connection, delivery.webhook, str(delivery.event_id),
                state=DEAD if wait is None else WAITING,
                due_at=moment_text(now + (wait or timedelta(0))),
                leased_until=None, leased_by=None, error=clean_text(why)[:LONGEST_ERROR],
            )  # fmt: skip

        self._database.write(work)

    def release(self, leased: Sequence[Delivery]) -> None:
        """These were not tried after all."""

        def work(connection: Connection) -> None:
            for each in leased:
                _change(
                    connection, each.webhook, str(each.event_id),
                    leased_until=None, leased_by=None, attempts=each.attempts - 1,
                )  # fmt: skip

        if leased:
            self._database.write(work)

    def states(self) -> list[State]:
        """How each webhook does that anything was ever queued for."""
        count = select(deliveries.c.webhook, deliveries.c.state, func.count().label("number"))
        newest = select(deliveries.c.webhook, deliveries.c.error).where(deliveries.c.error != "")
        with self._database.read() as connection:
            known = connection.execute(select(webhooks).order_by(webhooks.c.name)).all()
            grouped = connection.execute(count.group_by(deliveries.c.webhook, deliveries.c.state))
            numbers = {(row.webhook, row.state): row.number for row in grouped}
            errors = {
                row.webhook: row.error
                for row in connection.execute(newest.order_by(deliveries.c.seq))
            }
        return [
            State(
                webhook=row.name,
                waiting=numbers.get((row.name, WAITING), 0),
                dead=numbers.get((row.name, DEAD), 0),
                delivered=row.delivered,
                delivered_at=row.delivered_at,
                last_error=errors.get(row.name, ""),
            )
            for row in known
        ]

    def dead(self, limit: int = 1000) -> list[Dead]:
        """What no receiver took, oldest first."""
        query = _events().where(deliveries.c.state == DEAD).order_by(deliveries.c.seq)
        with self._database.read() as connection:
            return [_dead_of(row) for row in connection.execute(query.limit(limit))]

    def retry(self, event_id: UUID | None = None, webhook: str | None = None) -> int:
        """Let dead ones be tried again now: all, one event's, or one webhook's; how many."""
        wanted: list[ColumnElement[bool]] = [deliveries.c.state == DEAD]
        if event_id is not None:
            wanted.append(deliveries.c.event_id == str(event_id))
        if webhook is not None:
            wanted.append(deliveries.c.webhook == webhook)
        again = {"state": WAITING, "attempts": 0, "due_at": AT_ONCE}

        def work(connection: Connection) -> int:
            return connection.execute(update(deliveries).where(*wanted).values(again)).rowcount

        return self._database.write(work)


def _events() -> Any:
    return select(deliveries, outbox.c.event, outbox.c.payload, outbox.c.occurred_at).join(
        outbox, outbox.c.event_id == deliveries.c.event_id
    )


def _due(webhook: str, now: datetime) -> Any:
    first = deliveries.alias("first")
    held_up = exists().where(
        first.c.webhook == deliveries.c.webhook,
        first.c.incident_id == deliveries.c.incident_id,
        first.c.state == WAITING,
        first.c.seq < deliveries.c.seq,
        or_(
            first.c.due_at > moment_text(now),
            and_(first.c.leased_until.is_not(None), first.c.leased_until > moment_text(now)),
        ),
    )
    return (
        _events()
        .where(
            deliveries.c.webhook == webhook,
            deliveries.c.state == WAITING,
            deliveries.c.due_at <= moment_text(now),
            or_(
                deliveries.c.leased_until.is_(None),
                deliveries.c.leased_until <= moment_text(now),
            ),
            ~held_up,
        )
        .order_by(deliveries.c.seq)
        .with_for_update(of=deliveries, skip_locked=True)
    )


def _is(webhook: str, event_id: UUID | str) -> tuple[ColumnElement[bool], ...]:
    return deliveries.c.webhook == webhook, deliveries.c.event_id == str(event_id)


def _change(connection: Connection, webhook: str, event_id: str, **values: Any) -> None:
    connection.execute(update(deliveries).where(*_is(webhook, event_id)).values(**values))


def _delivery_of(row: Row[Any]) -> Delivery:
    return Delivery(
        row.webhook,
        UUID(row.event_id),
        UUID(row.incident_id),
        row.event,
        json.loads(row.payload),
        datetime.fromisoformat(row.occurred_at),
        row.attempts + 1,
    )


def _dead_of(row: Row[Any]) -> Dead:
    return Dead(
        webhook=row.webhook,
        event_id=row.event_id,
        incident_id=row.incident_id,
        event=row.event,
        occurred_at=row.occurred_at,
        attempts=row.attempts,
        error=row.error,
    )
