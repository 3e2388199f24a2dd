"""Moves the store to another database, which is how SQLite becomes PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from uuid import uuid4

from schemas.errors import AeefError, NotPossibleNow
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.backup.anchor_lines import under_name
from tasks.backup.copy_store import Counts, copy_store
from tasks.backup.restore import alone
from tasks.base.file_lock import file_lock
from tasks.base.storable import moment_text
from tasks.store import Store, open_store
from tasks.store.audit.anchors import Anchors
from tasks.store.database.database import Database

ALIVE = timedelta(seconds=60)
"""Processes say every few seconds that they live: one that did within this time may go on."""


def move(settings: Settings, url: str, *, actor: str) -> Counts:
    """Copy everything into the empty database at `url`, and verify it there: rows of each table.

    What is here stays as it is, and the last entry of it says where it went. Raises NotPossibleNow
    while anything of ours runs, or when the other database is not empty.
    """
    store = open_store(settings)
    _require_nobody(store)
    with (
        alone(settings.home),
        file_lock(settings.home / "disposal.lock"),
        closing(Database(settings.database)) as source,
        closing(Database(url)) as goal,
    ):
        if source.label == goal.label:
            raise NotPossibleNow(f"the store is {goal.label} already")
        counts = copy_store(source, goal)
        _carry_anchors(settings, source, goal)
        new = Store(url, settings.anchors_path)
        try:
            _verify(new, goal)
            new.record_general(
                f"the store was moved from {source.label} to {goal.label}",
                actor=actor,
                automated=False,
                entry_id=uuid4(),
                details={"moved": {"from": source.label, "rows": sum(counts.values())}},
            )
        finally:
            new.close()
        store.record_general(
            f"the store was moved to {goal.label}: what comes after this is not there",
            actor=actor,
            automated=False,
            entry_id=uuid4(),
        )
    return counts


def _verify(new: Store, goal: Database) -> None:
    try:
        new.verify_audit()
    except AeefError as error:
        raise NotPossibleNow(
            f"the copy in {goal.label} does not verify: {error}. Nothing was changed here: go on "
            "with this store, and drop that database"
        ) from error


def _carry_anchors(settings: Settings, source: Database, goal: Database) -> None:
    """The anchors of this store go on under the name of the other one."""
    anchors = Anchors(settings.anchors_path, source.label)
    lines = under_name(anchors.content(), source.label, goal.label)
    with anchors.path.open("ab") as file:
        file.write(lines)


def _require_nobody(store: Store) -> None:
    now = utc_now()
    for name, said in store.processes().items():
        if said.seen_at > moment_text(now - ALIVE):
            raise NotPossibleNow(
                f"{name} runs, or did within the last minute: stop everything that uses this store"
            )
