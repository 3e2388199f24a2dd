"""Changes the target's deployment history: under its lock, validated, replaced atomically."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from schemas.release import History
from schemas.settings import Target
from tasks.base.replace_file import replace_file
from tasks.target.carry_records import finish_carrying
from tasks.target.lock import records_lock
from tasks.target.release_files import parse_history
from tasks.target.repository import TargetRepository

Entry = dict[str, Any]
"""One deployment or rollback as JSON data, with fields that we do not know."""


@contextmanager
def changed_history(target: Target) -> Iterator[dict[str, Any]]:
    """The history as mutable data, written back when the block ends.

    Raises TargetError when the file is invalid, or would become so: then it stays as it is.
    """
    with TargetRepository(target) as repository, records_lock(target):
        finish_carrying(repository, lambda _: None)
        path = target.history_path
        content = path.read_bytes() if path.exists() else b'{"deployments": []}'
        data = parse_history(target, content)
        before = copy.deepcopy(data)
        yield data
        if data != before:
            text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
            parse_history(target, text.encode())
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, text.encode())


def newest_entries(data: dict[str, Any], environment: str | None) -> list[Entry]:
    """The raw deployments of this environment, newest first; those that name none belong to all."""
    raw: list[Entry] = data["deployments"]
    history = History.model_validate(data)
    place = {id(entry): number for number, entry in enumerate(history.deployments)}
    of_it = history.of(environment)
    return [raw[place[id(entry)]] for entry in of_it.newest_first()]


def time_field(entries: list[Entry]) -> str:
    """The file's own name of the time field, so that its other readers find it."""
    return "timestamp" if entries and "timestamp" in entries[0] else "deployedAt"


def as_text(moment: datetime) -> str:
    """A moment as the history has it: UTC, in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
