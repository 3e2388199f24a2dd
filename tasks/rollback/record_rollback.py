"""Writes a rollback or hotfix into the target's deployment history, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from schemas.release import DeployedRelease, RollbackPlan, same_commit
from schemas.settings import Target
from tasks.target.change_history import (
    add_entry,
    as_text,
    changed_history,
    newest_entries,
    time_field,
)

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
    with changed_history(target) as data:
        rollbacks: list[Any] = data.setdefault("rollbacks", [])
        if any(entry.get("rollbackId") == rollback_id for entry in _objects(rollbacks)):
            return
        moment = as_text(at)
        failing = deployed.previous or plan.from_commit
        if failing and not same_commit(failing, deployed.commit):
            _mark(target, data, failing, ROLLED_BACK)
        _add_deployment(target, data, deployed, moment, {"rollbackId": rollback_id})
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
    with changed_history(target) as data:
        known = [each for each in newest_entries(data, None) if each["commit"] == deployed.commit]
        if any(mark.items() <= each.items() for each in known):
            return
        _mark(target, data, base, VULNERABLE)
        _add_deployment(target, data, deployed, as_text(at), mark)


def _objects(entries: list[Any]) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict)]


def _mark(target: Target, data: dict[str, Any], failing: str, status: str) -> None:
    for entry in newest_entries(data, target.environment):
        if same_commit(entry["commit"], failing):
            entry["status"] = status
            return


def _add_deployment(
    target: Target,
    data: dict[str, Any],
    deployed: DeployedRelease,
    moment: str,
    more: dict[str, str],
) -> None:
    """Add an entry; what older ones say of the commit's images is never changed."""
    entries = newest_entries(data, target.environment)
    newest = next(iter(entries), None)
    if newest and newest["commit"] == deployed.commit and newest["status"] == "healthy":
        return
    add_entry(
        data,
        {
            "commit": deployed.commit,
            "status": "healthy",
            time_field(entries): moment,
            **({"environment": target.environment} if target.environment else {}),
            **({"images": deployed.images} if deployed.images else {}),
            **({"artefacts": deployed.artefacts.to_json()} if deployed.artefacts else {}),
            **({"rebuilt": deployed.rebuilt} if deployed.rebuilt else {}),
            **more,
        },
    )
