"""Runs the gates of a hotfix in a separate work tree, and records each result."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import PatchError, TargetError
from schemas.model import utc_now
from schemas.patch import GateResult, GateResults, PreparedPatch
from schemas.release import Provenance
from schemas.settings import Settings, Target
from schemas.validation import validate
from tasks.base.programs.sandbox import Sandbox, sandbox_problem
from tasks.base.replace_file import replace_file
from tasks.base.run_command import end_orphan, run_command, without_credentials
from tasks.case import Case
from tasks.incident.evidence import Evidence
from tasks.patch.gate_tree import gate_tree, kept_from
from tasks.patch.place import patch_place, running_pid
from tasks.patch.prepare_patch import patch_settings
from tasks.step import log_line, step
from tasks.target.carry_records import finish_carrying
from tasks.target.lock import records_lock
from tasks.target.open_file import inside
from tasks.target.repository import TargetRepository

PASS, FAIL, MISSING = "pass", "fail", "missing"


def _ran(gates: GateResults) -> str:
    if gates.not_run_because:
        return str(gates.said)
    text = f"gates of {gates.commit[:12]}: " + ("; ".join(map(str, gates.results)) or "none")
    return f"{text}; {gates.said}" if gates.said else text


@step("run the gates", says=_ran, timeout=6 * 3600)
def run_gates(case: Case, patch: PreparedPatch, approved_by: str | None = None) -> GateResults:
    """Run every gate that has a command, in sequence; their output is kept as evidence.

    What came with the alert runs in a sandbox, or only when somebody has approved it.
    A failing gate is a result. Only being unable to run the gates is an error.
    """
    settings, commit = case.settings, str(patch.commit)
    target = settings.target(patch.target)
    place = patch_place(case.incident_id, settings)
    end_orphan(running_pid(place))
    apart = patch.supplied and approved_by is None
    if apart and (problem := sandbox_problem(settings.home)):
        return GateResults(commit=commit, not_run_because=f"no sandbox ({problem})")
    results = []
    evidence = Evidence(case.incident_id, settings.home)
    with TargetRepository(target) as repository, ExitStack() as same:
        if not apart:
            tree = same.enter_context(gate_tree(repository, patch, place, apart=False))
        for gate in gate_names(target):
            with ExitStack() as own:
                box = None
                if apart:  # a fresh one for each: what one gate ran must not prepare the next
                    tree = own.enter_context(gate_tree(repository, patch, place, apart=True))
                    box = _sandbox(tree, patch, settings)
                result, output = _run(gate, target, tree, running_pid(place), box)
            log_line(str(result))
            results.append(result)
            if output:
                name = re.sub(r"[^A-Za-z0-9._-]", "-", gate)[:80]
                evidence.keep(
                    f"gate-{name}-{commit[:12]}.log",
                    without_credentials(output).encode(),
                    source=f"what gate {gate} printed for {commit[:12]}",
                )
    return GateResults(commit=commit, results=tuple(results), apart=apart)


def gate_names(target: Target) -> list[str]:
    """The gates that have a command, in order, then the required ones that have none."""
    configured = list(patch_settings(target).gates)
    return configured + [gate for gate in target.required_gates if gate not in configured]


def _sandbox(tree: Path, patch: PreparedPatch, settings: Settings) -> Sandbox:
    given = settings.security.sandbox
    return Sandbox(
        tree,
        hidden=settings.home,
        kept=kept_from(tree, patch.taken_back),
        read_only=given.read_only,
        memory=given.memory,
        processes=given.processes,
    )


def _run(
    gate: str, target: Target, tree: Path, pid_file: Path, box: Sandbox | None
) -> tuple[GateResult, str]:
    settings = patch_settings(target)
    command = settings.gates.get(gate)
    began = utc_now()
    if command is None:
        problem = f"it has no command: set gates.{gate} in [targets.{target.name}.patch]"
        result = GateResult(
            gate=gate, status=MISSING, started_at=began, completed_at=began, problem=problem
        )
        return result, ""
    timeout = settings.gate_timeout
    finished = (
        box.run(command, timeout, pid_file)
        if box
        else run_command(command, cwd=tree, timeout=timeout, pid_file=pid_file)
    )
    result = GateResult(
        gate=gate,
        status=FAIL if finished.problem else PASS,
        started_at=began,
        completed_at=utc_now(),
        problem=finished.problem,
    )
    return result, finished.output


def _wrote(proven: list[str]) -> str:
    return f"wrote {proven[0]}: " + (
        f"NOT proven: {'; '.join(proven[1:])}" if proven[1:] else "every required gate passed"
    )


@step("write the provenance", says=_wrote, timeout=120)
def write_provenance(case: Case, target_name: str, gates: GateResults) -> list[str]:
    """Write each gate's result into the target's provenance; its file, and why it proves nothing.

    Raises TargetError when the file cannot be written.
    """
    target = case.settings.target(target_name)
    name = f"{target.provenance}/{gates.commit}.json"
    with TargetRepository(target) as repository, records_lock(target):
        finish_carrying(repository, lambda _: None)
        path = inside(target, name)
        record = _record(case.incident_id, gates, path)
        replace_file(path, (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode())
    failures = Provenance.model_validate(record).failures(target.required_gates)
    return [name, *failures]


def _record(incident_id: str, gates: GateResults, path: Path) -> dict[str, object]:
    """The record with our gates; a pipeline's other entries stay."""
    record: dict[str, object] = {"commit": gates.commit, "stages": {}}
    if path.exists():
        try:
            record = json.loads(path.read_bytes())
            validate("provenance", record)
        except (ValueError, RecursionError, ValidationError) as error:
            raise TargetError("write provenance", f"{path} cannot be read: {error}") from None
    stages = dict(record["stages"]) if isinstance(record["stages"], dict) else {}
    for result in gates.results:
        if result.status == MISSING:
            continue
        stages[result.gate] = {
            "status": result.status,
            "startedAt": result.started_at.isoformat(),
            "completedAt": result.completed_at.isoformat(),
        }
    record |= {"stages": stages, "createdAt": utc_now().isoformat(), "incidentId": incident_id}
    validate("provenance", record)
    return record


def refuse_unproven(target_name: str, proven: list[str]) -> None:
    """Raise PatchError when a required gate did not pass."""
    if proven[1:]:
        raise PatchError(
            f"the hotfix of {target_name} is not proven good: {'; '.join(proven[1:])}. What the"
            " gates printed is in the incident's evidence"
        )
