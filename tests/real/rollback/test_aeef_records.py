"""Provenance as AEEF's own tools write it proves a release by the same rule as ours."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from samples.aeef import tools
from samples.targets import command_target, commit, git, write_history
from schemas.errors import NoProvenRelease
from schemas.settings import Target
from tasks.recovery.gate import proven_fix
from tasks.rollback.choose_release import choose_release

FOLDER = ".aeef/provenance"


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A target that AEEF's tools work on; the newest of three releases failed."""
    made = command_target(tmp_path).model_copy(
        update={"provenance": FOLDER, "required_gates": ("lint", "tests", "sast")}
    )
    shas = [commit(made.repository, {"a.txt": str(number)}) for number in range(2)]
    write_history(made, (shas[0], "healthy"), (shas[1], "failed"))
    (made.repository / FOLDER).mkdir(parents=True)
    return made


def good_of(target: Target) -> str:
    """The release before the failing one."""
    return git(target.repository, "rev-parse", "HEAD~1")


def write(target: Target, name: str, record: Any) -> None:
    """Write a record as the tools do, named after the run."""
    text = record if isinstance(record, str) else json.dumps(record)
    (target.repository / FOLDER / name).write_text(text)


def test_a_record_named_after_its_run_proves_the_commit_that_it_names(target: Target) -> None:
    """Its gates are shown; a record of another commit beside it does not matter."""
    good = good_of(target)
    write(target, "20260301-120000-ab12.json", tools.run_record(good))
    write(target, "20260301-130000-cd34.json", tools.run_record("b" * 40, tests="fail"))
    write(target, "notes.json", "[1")
    (target.repository / FOLDER / "older.json").mkdir()
    os.mkfifo(target.repository / FOLDER / "pipe.json")

    plan = choose_release(target)

    assert good == plan.to_commit
    assert {"lint", "tests", "coverage", "sast", "human-review"} == set(plan.gates)
    assert good == proven_fix(target, git(target.repository, "rev-parse", "HEAD~2"))


@pytest.mark.proves("SPEC-ROLLBACK-provenance", "REQ-009-10", "REQ-010-04")
@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([tools.run_record("a" * 40)], "it has no provenance record"),
        ([tools.schema_record()], "it has no provenance record"),
        ([("reviewed", False)], "gate 'human-review' has status 'pending'"),
        ([("tests", "fail")], "gate 'tests' has status 'fail'"),
        ([("sast", {"status": "skipped"})], "gate 'sast' has status 'skipped'"),
        ([("sast", {"critical_findings": 0})], "gate 'sast' has status 'no status'"),
        ([("coverage", "<pass|fail|skipped>")], "gate 'coverage' has status '<pass|fail"),
        ([("tests", "pass"), ("tests", "fail")], "gate 'tests' has status 'fail'"),
        ([("schema", {})], "required gate 'lint' is missing"),
        ([("schema", {"approval_status": "escalated"})], "'human-review' has status 'escalated'"),
        ([("cut", "")], "cannot be understood"),
        ([("both", "fail")], "gate 'tests' has status 'fail'"),
    ],
)
def test_what_is_missing_is_refused_with_its_reason(
    target: Target, records: list[Any], reason: str
) -> None:
    """Whoever lacks a gate, a review or the commit proves nothing; two records have to agree."""
    good = good_of(target)
    for number, each in enumerate(records):
        record: Any = each
        if isinstance(each, tuple):
            name, value = each
            if name == "schema":
                record = tools.schema_record(good, **value)
            elif name == "both":
                record = tools.schema_record(good) | tools.run_record(good, tests=value)
            elif name == "cut":
                record = json.dumps(tools.run_record(good))[:-20]
            else:
                record = tools.run_record(good, **{name: value})
        write(target, f"run-{number}.json", record)

    for wanted in (None, good):
        with pytest.raises(NoProvenRelease) as caught:
            choose_release(target, wanted)
        assert reason in str(caught.value)


def test_nothing_of_the_tools_proves_where_their_folder_is_not_configured(target: Target) -> None:
    """An agent writes that folder itself: a person has to have chosen it."""
    usual = target.model_copy(update={"provenance": "provenance"})
    write(target, "run.json", tools.run_record(good_of(target)))

    with pytest.raises(NoProvenRelease, match="no provenance record"):
        choose_release(usual)
