"""From the outbox, where an event is durable with its change, to the deliveries of a webhook."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from schemas.incident import DETECTED
from tasks.store.database.tables import deliveries, outbox, webhooks
from tasks.store.outbox import AT_ONCE

WAITING = "waiting"
AT_A_TIME = 500
NEWEST = select(func.coalesce(func.max(outbox.c.seq), 0))
SAME_NEWS = ("type", "severity", "occurrence")
"""Of a `detected` event: the dispatcher repeats one that made no run, which is no news."""


def queue(connection: Connection, name: str, events: Collection[str]) -> None:
    """Queue what is new in the outbox for one webhook; for a new one only what comes from now on.

    Of two intakes one waits for the other's transaction.
    """
    mine = select(webhooks.c.seq).where(webhooks.c.name == name).with_for_update()
    read_to = connection.execute(mine).scalar()
    if read_to is None:
        newest = connection.execute(NEWEST).scalar_one()
        connection.execute(insert(webhooks).values(name=name, seq=newest, delivered=0))
        return
    new = select(outbox).where(outbox.c.seq > read_to).order_by(outbox.c.seq).limit(AT_A_TIME)
    rows = connection.execute(new).all()
    wanted = [row for row in rows if row.event in events and not _is_repeated(connection, row)]
    if wanted:
        connection.execute(
            insert(deliveries),
            [
                {
                    "webhook": name, "event_id": row.event_id, "incident_id": row.incident_id,
                    "seq": row.seq, "state": WAITING, "attempts": 0, "due_at": AT_ONCE,
                    "error": "",
                }
                for row in wanted
            ],
        )  # fmt: skip
    if rows:
        read = update(webhooks).where(webhooks.c.name == name).values(seq=rows[-1].seq)
        connection.execute(read)


def _is_repeated(connection: Connection, row: Row[Any]) -> bool:
    if row.event != DETECTED:
        return False
    earlier = select(outbox.c.payload).where(
        outbox.c.incident_id == row.incident_id,
        outbox.c.event == DETECTED,
        outbox.c.seq < row.seq,
    )
    said = json.loads(row.payload)
    before = (json.loads(each) for each in connection.scalars(earlier))
    return any(all(each.get(k) == said.get(k) for k in SAME_NEWS) for each in before)
