"""Putting a rollback on record in the target's history."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from processes.rollback_process import ENVIRONMENT
from samples.targets import git, write_json
from schemas.errors import TargetError
from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Target
from schemas.validation import validate
from tasks.rollback.choose_release import choose_release
from tasks.rollback.record_rollback import record_rollback
from tasks.target.release_files import read_history

AT = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)
INCIDENT = "0d9c1f0e-4a6c-4f6e-9a55-0a3b6f4d2c11"


def _deployed(target: Target, plan: RollbackPlan) -> DeployedRelease:
    return DeployedRelease(
        target=target.name,
        commit=plan.to_commit,
        previous=plan.from_commit,
        images={"web": "sha256:1"},
        healthy_after=0.1,
        changed=True,
    )


def _record(target: Target, plan: RollbackPlan, rollback_id: str = "r1") -> dict[str, Any]:
    deployed = _deployed(target, plan)
    record_rollback(target, plan, deployed, incident_id=INCIDENT, rollback_id=rollback_id, at=AT)
    history: dict[str, Any] = json.loads(target.history_path.read_text())
    return history


@pytest.mark.proves("SPEC-ROLLBACK-record")
def test_a_rollback_is_put_on_record(demo_target: Target) -> None:
    """Who, when, from where, to where; the history stays valid against its schema."""
    plan = choose_release(demo_target)

    history = _record(demo_target, plan)

    validate("history", history)
    assert history["rollbacks"] == [
        {
            "commit": plan.to_commit,
            "timestamp": "2026-03-01T04:05:06.000Z",
            "from": plan.from_commit,
            "incidentId": INCIDENT,
            "rollbackId": "r1",
        }
    ]


def test_the_failing_release_is_never_chosen_again(demo_target: Target) -> None:
    """Its newest deployment is marked, even if it was called healthy."""
    text = demo_target.history_path.read_text().replace('"failed"', '"healthy"')
    demo_target.history_path.write_text(text)
    plan = choose_release(demo_target)

    history = _record(demo_target, plan)

    assert [entry["status"] for entry in history["deployments"]] == [
        "healthy",
        "rolled-back",
        "healthy",
    ]


def test_an_odd_entry_is_written_back_byte_for_byte(demo_target: Target) -> None:
    """Neither dropped nor tidied up, whatever it is; the record is made beside it."""
    odd = (
        '{ "commit":"HEAD", "x": 1.10 }',
        '{"commit": "abcdef0", "status": "failed", "status": "healthy"}',
        '"a \\u00e4 \\"],{ text"',
    )
    rollbacks = '{"commit": "abcdef0", "timestamp": "2026-01-01 00:00:00"}'
    text = demo_target.history_path.read_text()
    text = text.replace('"healthy"', '"healthy", "by": "half an emoji \\ud83d"')
    text = text.replace('"deployments": [', f'"deployments": [{", ".join(odd)},')
    text = text.replace('"rollbacks": []', f'"rollbacks" : [ {rollbacks} ]')
    demo_target.history_path.write_text(text)
    plan = choose_release(demo_target)

    record_rollback(
        demo_target,
        plan,
        _deployed(demo_target, plan),
        incident_id=INCIDENT,
        rollback_id="r",
        at=AT,
    )

    written = demo_target.history_path.read_text()
    assert [1] * 4 == [written.count(each) for each in (*odd, rollbacks)]
    found = read_history(demo_target)
    assert (3, 1) == (len(found.odd), len(found.odd_rollbacks))
    assert (plan.to_commit, "r") == (found.rollbacks[0].commit, found.rollbacks[0].rollback_id)
    assert ["rolled-back", "healthy"] == [entry.status for entry in found.deployments[1:]]


def test_a_history_with_the_newest_first_stays_so(demo_target: Target) -> None:
    """A time that is not believed later counts by its place."""
    history = json.loads(demo_target.history_path.read_text())
    history["deployments"].reverse()
    write_json(demo_target.history_path, history)

    recorded = _record(demo_target, choose_release(demo_target))

    assert ["healthy", "rolled-back", "healthy"] == [
        entry["status"] for entry in recorded["deployments"]
    ]


def test_the_release_that_runs_now_is_the_newest_deployment(demo_target: Target) -> None:
    """Its images are kept, so that a later rollback finds them."""
    plan = choose_release(demo_target)

    newest = _record(demo_target, plan)["deployments"][-1]

    assert newest == {
        "commit": plan.to_commit,
        "status": "healthy",
        "deployedAt": "2026-03-01T04:05:06.000Z",
        "images": {"web": "sha256:1"},
        "rollbackId": "r1",
    }


def test_the_same_rollback_is_recorded_once(demo_target: Target) -> None:
    """A step that runs again writes nothing."""
    plan = choose_release(demo_target)
    _record(demo_target, plan)
    before = demo_target.history_path.read_bytes()

    _record(demo_target, plan)

    assert before == demo_target.history_path.read_bytes()


def test_what_we_do_not_know_in_the_file_stays(demo_target: Target) -> None:
    """Other fields, their order and their words for time are the target's own."""
    plan = choose_release(demo_target)
    entries = [
        {"deployer": "Zoë", "commit": plan.to_commit, "status": "healthy",
         "timestamp": "2026-01-01T00:00:00+02:00"},
        {"commit": plan.from_commit, "status": "failed", "timestamp": "2026-01-02T00:00:00Z"},
    ]  # fmt: skip
    write_json(demo_target.history_path, {"$comment": "ours", "deployments": entries})

    history = _record(demo_target, plan)

    assert list(history) == ["$comment", "deployments", "rollbacks"]
    assert history["deployments"][0] == entries[0]
    assert history["deployments"][-1]["timestamp"] == "2026-03-01T04:05:06.000Z"
    assert "Zoë" in demo_target.history_path.read_text()


def test_mode_and_symlink_of_the_file_stay(demo_target: Target, tmp_path: Path) -> None:
    """A history that is shared by a link, group-writable, stays so."""
    real = tmp_path / "shared.json"
    demo_target.history_path.rename(real)
    real.chmod(0o664)
    demo_target.history_path.symlink_to(real)

    _record(demo_target, choose_release(demo_target))

    assert demo_target.history_path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o664
    assert len(json.loads(real.read_text())["rollbacks"]) == 1


def test_a_missing_history_is_begun(demo_target: Target) -> None:
    """A target that had none has one after its first rollback."""
    plan = choose_release(demo_target)
    demo_target.history_path.unlink()

    history = _record(demo_target, plan)

    assert len(history["deployments"]) == len(history["rollbacks"]) == 1


def test_a_history_that_cannot_be_understood_is_left_alone(demo_target: Target) -> None:
    """Nothing is written over what we cannot read."""
    plan = choose_release(demo_target)
    demo_target.history_path.write_text("{")

    with pytest.raises(TargetError, match=r"history.json cannot be used"):
        _record(demo_target, plan)

    assert demo_target.history_path.read_text() == "{"


def test_processes_that_record_at_once_lose_nothing(demo_target: Target) -> None:
    """Five writers, five entries each: twenty-five rollbacks, and no file left over."""
    plan = choose_release(demo_target)
    arguments = [
        demo_target.model_dump_json(),
        plan.model_dump_json(),
        _deployed(demo_target, plan).model_dump_json(),
    ]

    writers = [
        subprocess.Popen([sys.executable, __file__, *arguments, f"w{n}"], env=ENVIRONMENT)
        for n in range(5)
    ]

    assert [writer.wait(60) for writer in writers] == [0] * 5
    rollbacks = json.loads(demo_target.history_path.read_text())["rollbacks"]
    assert {entry["rollbackId"] for entry in rollbacks} == {
        f"w{n}-{m}" for n in range(5) for m in range(5)
    }
    assert [path.name for path in demo_target.history_path.parent.iterdir()] == ["history.json"]


def test_recording_does_not_dirty_git_with_other_files(demo_target: Target) -> None:
    """Only the history changes in the work tree."""
    before = git(demo_target.repository, "status", "--porcelain")

    _record(demo_target, choose_release(demo_target))

    assert before == git(demo_target.repository, "status", "--porcelain")


def _write_five(target_json: str, plan_json: str, deployed_json: str, name: str) -> None:
    for number in range(5):
        record_rollback(
            Target.model_validate_json(target_json),
            RollbackPlan.model_validate_json(plan_json),
            DeployedRelease.model_validate_json(deployed_json),
            incident_id=None,
            rollback_id=f"{name}-{number}",
            at=AT,
        )


if __name__ == "__main__":
    _write_five(*sys.argv[1:])
