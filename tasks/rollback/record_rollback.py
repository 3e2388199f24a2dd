"""Writes a rollback or hotfix into the target's deployment history, once."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from schemas.model import UtcDatetime
from schemas.release import DeployedRelease, RollbackPlan, same_commit, understand
from schemas.settings import Target
from tasks.base.replace_file import replace_file
from tasks.target.carry_records import finish_carrying
from tasks.target.lock import records_lock
from tasks.target.odd_texts import OddTexts
from tasks.target.release_files import parse_history
from tasks.target.repository import TargetRepository

ROLLED_BACK = "rolled-back"
VULNERABLE = "vulnerable"


def record_rollback(
    target: Target,
    plan: RollbackPlan,
    deployed: DeployedRelease,
    *,
    incident_id: str | None,
    rollback_id: str,
    at: datetime,
) -> None:
    """Record the rollback; repeating it with the same `rollback_id` changes nothing.

    Three things are written: an entry under `rollbacks`; the failing release's newest
    deployment gets status `rolled-back`, so that it is no longer a candidate; the running
    release becomes the newest deployment, healthy, with its images. Unknown fields stay. The
    file is replaced atomically, under the records lock.

    at: when it happened, with a time zone. Raises TargetError when the file is invalid.
    """
    with _history(target) as data:
        rollbacks: list[Any] = data.setdefault("rollbacks", [])
        if any(entry.get("rollbackId") == rollback_id for entry in _objects(rollbacks)):
            return
        moment = _text(at)
        failing = deployed.previous or plan.from_commit
        if failing and not same_commit(failing, deployed.commit):
            _mark(data, failing, ROLLED_BACK)
        _add_deployment(data, deployed, moment, {"rollbackId": rollback_id})
        rollbacks.append(
            {
                "commit": deployed.commit,
                "timestamp": moment,
                **({"from": failing} if failing else {}),
                **({"incidentId": incident_id} if incident_id else {}),
                "rollbackId": rollback_id,
            }
        )


def record_hotfix(
    target: Target, deployed: DeployedRelease, *, base: str, incident_id: str, at: datetime
) -> None:
    """Record that a hotfix replaced its base, once for the same incident and commit.

    The base's newest deployment gets status `vulnerable`, so that no rollback goes back to it; the
    hotfix becomes the newest deployment, healthy, as a pipeline would have written it.
    Raises TargetError when the file is invalid.
    """
    mark = {"incidentId": incident_id, "hotfixOf": base}
    with _history(target) as data:
        known = [each for each in _newest(data) if each["commit"] == deployed.commit]
        if any(mark.items() <= each.items() for each in known):
            return
        _mark(data, base, VULNERABLE)
        _add_deployment(data, deployed, _text(at), mark)


@contextmanager
def _history(target: Target) -> Iterator[dict[str, Any]]:
    """The history as mutable data, written back when the block ends.

    Entries that cannot be understood are written back byte for byte.
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
            replace_file(path, written)


def _written(data: dict[str, Any]) -> str:
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    if any("\ud800" <= character <= "\udfff" for character in text):  # half an emoji, cut off
        return json.dumps(data, indent=2) + "\n"
    return text


def _text(moment: UtcDatetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _newest(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The raw entries of the deployments that are understood, newest first."""
    raw: list[dict[str, Any]] = data["deployments"]
    history = understand(data)
    place = {id(entry): history.places[n] for n, entry in enumerate(history.deployments)}
    return [raw[place[id(entry)]] for entry in history.newest_first()]


def _objects(entries: list[Any]) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict)]


def _mark(data: dict[str, Any], failing: str, status: str) -> None:
    for entry in _newest(data):
        if same_commit(entry["commit"], failing):
            entry["status"] = status
            return


def _add_deployment(
    data: dict[str, Any], deployed: DeployedRelease, moment: str, more: dict[str, str]
) -> None:
    newest = next(iter(_newest(data)), None)
    if newest and newest["commit"] == deployed.commit and newest["status"] == "healthy":
        return
    # Use the file's own name of the time field, so that its other readers find it.
    key = "timestamp" if newest and "timestamp" in newest else "deployedAt"
    entries: list[Any] = data["deployments"]
    entries.insert(
        0 if understand(data).order < 0 else len(entries),
        {
            "commit": deployed.commit,
            "status": "healthy",
            key: moment,
            **({"images": deployed.images} if deployed.images else {}),
            **more,
        },
    )
