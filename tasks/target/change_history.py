"""Changes the target's deployment history: under its lock, validated, replaced atomically."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from schemas.release import understand
from schemas.settings import Target
from tasks.base.replace_file import replace_file
from tasks.target.carry_records import finish_carrying
from tasks.target.lock import records_lock
from tasks.target.odd_texts import OddTexts
from tasks.target.release_files import parse_history
from tasks.target.repository import TargetRepository

Entry = dict[str, Any]
"""One deployment or rollback as JSON data, with fields that we do not know."""


@contextmanager
def changed_history(target: Target) -> Iterator[dict[str, Any]]:
    """The history as mutable data, written back when the block ends.

    Entries that cannot be understood are written back byte for byte.
    Raises TargetError when the file is invalid, or would become so: then it stays as it is.
    """
    with TargetRepository(target) as repository, records_lock(target):
        finish_carrying(repository, lambda _: None)
        path = target.history_path
        content = path.read_bytes() if path.exists() else b'{"deployments": []}'
        data, history = parse_history(target, content)
        odd = OddTexts(content, data, history)
        before = copy.deepcopy(data)
        yield data
        if data != before:
            written = odd.restored(_written(data)).encode()
            parse_history(target, written)
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, written)


def _written(data: dict[str, Any]) -> str:
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    if any("\ud800" <= character <= "\udfff" for character in text):  # half an emoji, cut off
        return json.dumps(data, indent=2) + "\n"
    return text


def newest_entries(data: dict[str, Any], environment: str | None) -> list[Entry]:
    """The raw deployments of this environment that are understood, newest first.

    Those that name no environment belong to all.
    """
    raw: list[Entry] = data["deployments"]
    history = understand(data)
    place = {id(entry): history.places[n] for n, entry in enumerate(history.deployments)}
    return [raw[place[id(entry)]] for entry in history.of(environment).newest_first()]


def add_entry(data: dict[str, Any], entry: Entry) -> None:
    """Add a deployment where the newest stand: at the end of the file, or at its beginning."""
    entries: list[Entry] = data["deployments"]
    entries.insert(0 if understand(data).order < 0 else len(entries), entry)


def time_field(entries: list[Entry]) -> str:
    """The file's own name of the time field, so that its other readers find it."""
    return "timestamp" if entries and "timestamp" in entries[0] else "deployedAt"


def as_text(moment: datetime) -> str:
    """A moment as the history has it: UTC, in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
