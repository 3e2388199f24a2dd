"""Gates are run for real in a work tree of the hotfix; provenance says what came of each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fixtures.patch import Place, configure
from samples.patch_findings import open_incident, vulnerable
from samples.targets import git
from schemas.errors import AeefError, PatchError
from schemas.patch import GateResult, PreparedPatch
from schemas.settings import load_settings
from support import ROOT, wait_until
from tasks.patch.prepare_patch import prepare_patch as prepare_step
from tasks.patch.run_gates import refuse_unproven
from tasks.patch.run_gates import run_gates as run_step
from tasks.patch.run_gates import write_provenance as write_step
from tasks.rollback.choose_release import choose_release

run_gates, write_provenance, prepare_patch = (
    run_step.directly,
    write_step.directly,
    prepare_step.directly,
)


def prepared(place: Place, **gates: list[str]) -> tuple[str, PreparedPatch, str]:
    """An incident whose hotfix is ready, and these gates; its id, the hotfix, its commit."""
    named = {name.replace("_", "-"): command for name, command in gates.items()}
    configure(place.target, place.base, gates=named, gate_timeout=5.0)
    incident_id = open_incident(load_settings(), "demo", vulnerable("requests", "2.31.0"))
    patch = prepare_patch(incident_id)
    assert patch.commit
    return incident_id, patch, patch.commit


def test_every_gate_that_passes_proves_the_hotfix(place: Place) -> None:
    """They see the hotfix, not the work tree where somebody works."""
    incident_id, patch, commit = prepared(
        place,
        tests=["grep", "-q", "2.31.0", "requirements.txt"],
        security_scan=["git", "rev-parse", "HEAD"],
    )
    gates = run_gates(incident_id, patch)
    name, *failures = write_provenance(incident_id, "demo", gates)

    assert [("tests", "pass"), ("security-scan", "pass")] == [
        (each.gate, each.status) for each in gates.results
    ]
    assert [] == failures
    record = json.loads((place.target.repository / name).read_text())
    assert (commit, incident_id) == (record["commit"], record["incidentId"])
    assert commit == choose_release(load_settings().targets["demo"], commit).to_commit
    kept = load_settings().home / "evidence" / incident_id
    assert commit in (kept / f"gate-security-scan-{commit[:12]}.log").read_text()
    assert 1 == len(place.git("worktree", "list").splitlines())
    assert "somebody's work\n" == (place.target.repository / "app.conf").read_text()


@pytest.mark.proves("REQ-009-11")
def test_a_gate_that_fails_or_is_missing_proves_nothing(place: Place) -> None:
    """Both are reported by name; a file that a pipeline wrote beside is kept."""
    incident_id, patch, commit = prepared(place, tests=["sh", "-c", "echo broken; exit 3"])
    path = place.target.provenance_path(commit)
    path.write_text(json.dumps({"builtBy": "us", "stages": {"lint": {"status": "pass"}}}))

    gates = run_gates(incident_id, patch)
    proven = write_provenance(incident_id, "demo", gates)

    assert ["fail", "missing"] == [each.status for each in gates.results]
    with pytest.raises(PatchError, match=r"security-scan.* is missing.*tests.*fail"):
        refuse_unproven("demo", proven)
    record = json.loads(path.read_text())
    assert ("us", {"lint", "tests"}) == (record["builtBy"], set(record["stages"]))
    with pytest.raises(AeefError, match="not proven good"):
        choose_release(load_settings().targets["demo"], commit)


def test_a_gate_that_hangs_is_ended_and_keys_stay_here(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It did not pass; and code that nobody approved yet gets none of our keys."""
    monkeypatch.setenv("AEEF_SLACK__TOKEN", "xoxb-secret")
    monkeypatch.setenv("PREFECT_API_KEY", "pnu_secret")
    incident_id, patch, commit = prepared(place, tests=["sleep", "60"], security_scan=["env"])
    configure(
        place.target,
        place.base,
        gates={"tests": ["sleep", "60"], "security-scan": ["env"]},
        gate_timeout=0.3,
    )
    hangs, passes = run_gates(incident_id, patch).results
    assert ("fail", "pass") == (hangs.status, passes.status)
    assert "did not finish" in str(hangs)
    kept = load_settings().home / "evidence" / incident_id
    assert "secret" not in (kept / f"gate-security-scan-{commit[:12]}.log").read_text()


def test_provenance_is_not_written_through_a_link(place: Place, tmp_path: Path) -> None:
    """Nor over a file that is none of ours."""
    incident_id, patch, commit = prepared(place, tests=["true"], security_scan=["true"])
    gates = run_gates(incident_id, patch)
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    place.target.provenance_path(commit).symlink_to(outside)
    with pytest.raises(AeefError, match="symbolic link"):
        write_provenance(incident_id, "demo", gates)
    assert "{}" == outside.read_text()


def test_killed_in_a_gate_it_is_run_again_and_nothing_is_left(place: Place, home: Path) -> None:
    """The gate that was left running is ended first, and its work tree is gone."""
    incident_id, patch, _ = prepared(place, tests=["sleep", "3000"], security_scan=["true"])
    code = (
        "from schemas.patch import PreparedPatch; from tasks.patch.run_gates import run_gates;"
        f"patch = PreparedPatch.model_validate_json({patch.model_dump_json()!r});"
        "run_gates.directly(" + repr(incident_id) + ", patch)"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    configure(place.target, place.base, gates={"tests": ["sleep", "3000"]}, gate_timeout=3000)
    running = home / "patches" / f"{incident_id}.running.json"
    with subprocess.Popen([sys.executable, "-c", code], env=env) as process:
        wait_until(running.exists, 60)
        gate = psutil.Process(wait_until(lambda: _pid(running), 10))
        process.send_signal(signal.SIGKILL)
    configure(place.target, place.base, gates={"tests": ["true"], "security-scan": ["true"]})

    results: tuple[GateResult, ...] = run_gates(incident_id, patch).results

    assert {"pass"} == {each.status for each in results}
    assert not gate.is_running() or gate.status() == psutil.STATUS_ZOMBIE
    assert 1 == len(git(place.target.repository, "worktree", "list").splitlines())


def _pid(path: Path) -> int:
    try:
        return int(json.loads(path.read_text())["pid"])
    except (OSError, ValueError):
        return 0
