"""Choosing the release to go back to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples.targets import GATES, START, commit, git, new_repository, prove, write_history
from samples.targets import write_json as write
from schemas.errors import NoProvenRelease, TargetError
from schemas.release import RollbackPlan
from schemas.settings import Health, Target
from tasks.deploy.running_commit import running_commit
from tasks.rollback.choose_release import choose_release


class Sample:
    """A target with four commits, oldest first, and no history yet."""

    def __init__(self, directory: Path) -> None:
        path = new_repository(directory / "shop")
        self.commits = [commit(path, {"app": str(number)}) for number in range(4)]
        self.target = Target(
            name="shop",
            repository=path,
            deploy_command=("true",),
            health=Health(command=("true",)),
            required_gates=GATES,
        )

    def running(self, sha: str) -> Target:
        """The target, with a `running_command` that names this commit."""
        return self.target.model_copy(update={"running_command": ("echo", sha)})


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """A target with four commits."""
    return Sample(tmp_path)


def _everything(directory: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


@pytest.mark.proves("SPEC-ROLLBACK-last-known-good")
def test_the_newest_healthy_and_proven_release_is_chosen(sample: Sample) -> None:
    """Of several good releases the newest is taken, and the plan says why."""
    first, second, third, _ = sample.commits
    write_history(sample.target, (first, "healthy"), (second, "healthy"), (third, "failed"))
    for sha in sample.commits:
        prove(sample.target, sha)

    plan = choose_release(sample.target)

    assert plan.to_commit == second
    assert plan.from_commit == third
    assert plan.gates == {"tests": "pass", "security-scan": "pass"}
    assert "2026-01-01 01:00 UTC" in plan.chosen_because
    assert not plan.already_running


def test_newest_is_by_time_and_not_by_place_in_the_file(sample: Sample) -> None:
    """A history that lists the newest deployment first is read rightly."""
    first, second, third, _ = sample.commits
    entries = [(third, "failed", 3), (second, "healthy", 2), (first, "healthy", 1)]
    deployments = [
        {"commit": sha, "status": status, "timestamp": START.replace(hour=hour).isoformat()}
        for sha, status, hour in entries
    ]
    write(sample.target.history_path, {"deployments": deployments})
    prove(sample.target, first)
    prove(sample.target, second)

    assert choose_release(sample.target).to_commit == second


def test_the_failing_release_is_no_candidate_though_it_is_called_healthy(sample: Sample) -> None:
    """A release that was healthy when it was deployed, and fails now, is not gone back to."""
    first, second, *_ = sample.commits
    write_history(sample.target, (first, "healthy"), (second, "healthy"))
    prove(sample.target, first)
    prove(sample.target, second)

    assert choose_release(sample.target).to_commit == first


def test_what_runs_is_the_failing_release(sample: Sample) -> None:
    """A release that someone deployed by hand, and that the history does not know, is failing."""
    first, second, _, unknown = sample.commits
    write_history(sample.target, (first, "healthy"), (second, "healthy"))
    prove(sample.target, first)
    prove(sample.target, second)

    plan = choose_release(sample.running(unknown))

    assert plan.from_commit == unknown
    assert plan.to_commit == second


def test_a_good_release_that_still_runs_is_kept(sample: Sample) -> None:
    """When the newest deployment never took, the good release that runs is not rolled back."""
    first, second, third, _ = sample.commits
    write_history(sample.target, (first, "healthy"), (second, "healthy"), (third, "failed"))
    for sha in sample.commits:
        prove(sample.target, sha)

    plan = choose_release(sample.running(second))

    assert plan.to_commit == second
    assert plan.already_running


def test_unproven_releases_are_skipped_and_named(sample: Sample) -> None:
    """The plan goes on to an older release, and says what is wrong with the newer one."""
    first, second, third, _ = sample.commits
    write_history(sample.target, (first, "healthy"), (second, "healthy"), (third, "failed"))
    prove(sample.target, first)
    prove(sample.target, second, tests="fail")

    plan = choose_release(sample.target)

    assert plan.to_commit == first
    assert f"skipped {second[:12]}: gate 'tests' has status 'fail'" in plan.chosen_because


@pytest.mark.proves("SPEC-ROLLBACK-provenance", "SPEC-ROLLBACK-gates")
@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (None, "it has no provenance record"),
        ({"stages": {}}, "it has no gate results at all"),
        ({"stages": {"tests": {"status": "pass"}}}, "required gate 'security-scan' is missing"),
        (
            {"stages": {gate: {"status": "pass"} for gate in GATES} | {"x": {"status": "skipped"}}},
            "gate 'x' has status 'skipped'",
        ),
        ({}, "'stages' is a required property"),
        ({"stages": {"tests": "pass"}}, "is not of type 'object'"),
        (
            {"commit": "abcdef0", "stages": {gate: {"status": "pass"} for gate in GATES}},
            "is the record of another commit, abcdef0",
        ),
    ],
)
def test_nothing_unproven_is_ever_chosen(
    sample: Sample, record: dict[str, object] | None, reason: str
) -> None:
    """A missing, empty, incomplete or foreign provenance record refuses, and says why."""
    good, bad, *_ = sample.commits
    write_history(sample.target, (good, "healthy"), (bad, "failed"))
    if record is not None:
        write(sample.target.provenance_path(good), record)

    for wanted in (None, good):
        with pytest.raises(NoProvenRelease, match=good[:12]) as caught:
            choose_release(sample.target, wanted)
        assert reason in str(caught.value)


def test_a_truncated_provenance_record_is_no_proof(sample: Sample) -> None:
    """Half a JSON file proves nothing."""
    good, bad, *_ = sample.commits
    write_history(sample.target, (good, "healthy"), (bad, "failed"))
    prove(sample.target, good)
    path = sample.target.provenance_path(good)
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(NoProvenRelease, match="cannot be understood"):
        choose_release(sample.target)


def test_without_any_healthy_release_there_is_nothing_to_go_back_to(sample: Sample) -> None:
    """The error names the failing release and the way out."""
    first, second, *_ = sample.commits
    write_history(sample.target, (first, "failed"), (second, "healthy"))
    prove(sample.target, first)

    with pytest.raises(NoProvenRelease, match=f"failing release is {second[:12]}.*--to-commit"):
        choose_release(sample.target)


def test_a_release_that_failed_later_is_no_candidate(sample: Sample) -> None:
    """Once healthy and then failed is not healthy."""
    first, second, third, _ = sample.commits
    write_history(
        sample.target,
        (first, "healthy"),
        (second, "healthy"),
        (second, "rolled-back"),
        (third, "failed"),
    )
    for sha in sample.commits:
        prove(sample.target, sha)

    assert choose_release(sample.target).to_commit == first


def test_without_a_history_a_commit_must_be_named(sample: Sample) -> None:
    """No history: no last known good, but a proven commit can still be asked for."""
    prove(sample.target, sample.commits[0])

    with pytest.raises(NoProvenRelease, match=r"no deployment history at .*history.json"):
        choose_release(sample.target)
    assert choose_release(sample.target, sample.commits[0]).to_commit == sample.commits[0]


@pytest.mark.proves("SPEC-ROLLBACK-to-commit")
def test_an_abbreviated_commit_is_completed(sample: Sample) -> None:
    """Seven characters are enough to name a commit; the plan has the full id."""
    prove(sample.target, sample.commits[0])

    plan = choose_release(sample.target, sample.commits[0][:7])

    assert plan.to_commit == sample.commits[0]
    assert plan.from_commit == sample.commits[-1]


def test_files_may_name_a_commit_in_short(sample: Sample) -> None:
    """Pipelines that write abbreviated commits are understood."""
    good, bad, *_ = sample.commits
    write_history(sample.target, (good[:10], "healthy"), (bad[:10], "failed"))
    prove(sample.target, good[:10])

    plan = choose_release(sample.target)

    assert plan.to_commit == good
    assert plan.from_commit == bad


@pytest.mark.parametrize(
    "wanted", ["--upload-pack=x", "HEAD", "", "abc123", "abcdef0\n", "../../x", "ABCDEF0", "a" * 65]
)
def test_what_is_no_commit_id_is_refused_before_git_sees_it(sample: Sample, wanted: str) -> None:
    """Options, names and paths are refused in words."""
    with pytest.raises(TargetError, match="is not a commit id"):
        choose_release(sample.target, wanted)


def test_an_unknown_short_commit_is_refused(sample: Sample) -> None:
    """An abbreviation that no local commit has cannot be completed."""
    with pytest.raises(TargetError, match="deadbeef is no commit in"):
        choose_release(sample.target, "deadbeef")


def test_a_branch_named_like_a_commit_is_not_taken_for_it(sample: Sample) -> None:
    """Git would prefer the branch; a rollback must not."""
    git(sample.target.repository, "branch", "deadbeef")
    prove(sample.target, sample.commits[-1])

    with pytest.raises(TargetError, match="deadbeef is no commit in"):
        choose_release(sample.target, "deadbeef")


def test_a_named_commit_that_cannot_be_had_is_an_error(sample: Sample) -> None:
    """A full id with a proof, but without the commit, is not planned; nothing else is taken."""
    elsewhere = "1" * 40
    prove(sample.target, elsewhere)

    with pytest.raises(TargetError, match="no remote 'origin' to fetch it from"):
        choose_release(sample.target, elsewhere)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "Expecting property name"),
        ("[]", "is not of type 'object'"),
        (
            '{"deployments": [{"commit": "abcdef0"}]}',
            r"\$.deployments\[0\]: 'status' is a required",
        ),
        ('{"deployments": [{"commit": "HEAD", "status": "x"}]}', r"\$.deployments\[0\].commit"),
        (
            '{"deployments": [{"commit": "abcdef0", "status": "x", "deployedAt": "yesterday"}]}',
            r"\$.deployments\[0\].deployedAt",
        ),
    ],
)
def test_a_history_that_cannot_be_understood_is_named_with_its_field(
    sample: Sample, content: str, problem: str
) -> None:
    """The error names the file and the field."""
    sample.target.history_path.parent.mkdir()
    sample.target.history_path.write_text(content)

    with pytest.raises(TargetError, match=f"(?s)history.json.*{problem}") as caught:
        choose_release(sample.target)

    assert "read history" == caught.value.stage


def test_choosing_changes_nothing(sample: Sample) -> None:
    """A dry run leaves every file as it was, those of git included."""
    good, bad, *_ = sample.commits
    write_history(sample.target, (good, "healthy"), (bad, "failed"))
    prove(sample.target, good)
    before = _everything(sample.target.repository)

    choose_release(sample.target)

    assert before == _everything(sample.target.repository)


def test_a_plan_survives_json(sample: Sample) -> None:
    """What a step keeps of a plan is the plan."""
    prove(sample.target, sample.commits[0])
    plan = choose_release(sample.target, sample.commits[0])

    assert plan == RollbackPlan.model_validate(json.loads(json.dumps(plan.to_json())))


def test_what_runs_is_asked_first_then_the_history_then_git(sample: Sample) -> None:
    """Each source counts only when the one before it does not know."""
    first, second, *_, last = sample.commits

    assert running_commit(sample.target) == last
    write_history(sample.target, (second, "failed"))
    assert running_commit(sample.target) == second
    assert running_commit(sample.running(first[:9])) == first
    assert running_commit(sample.running("no idea")) == second


def test_what_is_no_repository_is_named_with_its_setting(sample: Sample, tmp_path: Path) -> None:
    """The error says which setting to change."""
    target = sample.target.model_copy(update={"repository": tmp_path})

    with pytest.raises(TargetError, match=r"'repository' of \[targets.shop\]"):
        choose_release(target)


_statuses = st.sampled_from(["healthy", "failed", "rolled-back"])
_gates = st.dictionaries(
    st.sampled_from([*GATES, "lint"]), st.sampled_from(["pass", "fail", "skipped"])
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    history=st.lists(st.tuples(st.integers(0, 3), _statuses), max_size=6),
    gates=st.lists(st.none() | _gates, min_size=4, max_size=4),
)
def test_a_rollback_never_chooses_an_unproven_or_unhealthy_commit(
    sample: Sample,
    history: list[tuple[int, str]],
    gates: list[dict[str, str] | None],
) -> None:
    """Whatever the files say, what is chosen is healthy, proven, and not what fails."""
    write_history(sample.target, *((sample.commits[n], status) for n, status in history))
    for sha, statuses in zip(sample.commits, gates, strict=True):
        sample.target.provenance_path(sha).unlink(missing_ok=True)
        if statuses is not None:
            stages = {gate: {"status": status} for gate, status in statuses.items()}
            write(sample.target.provenance_path(sha), {"stages": stages})
    newest = {sample.commits[n]: status for n, status in history}
    proven = {
        sha
        for sha, statuses in zip(sample.commits, gates, strict=True)
        if statuses and statuses.keys() >= set(GATES) and set(statuses.values()) == {"pass"}
    }
    failing = sample.commits[history[-1][0]] if history else None
    good = {sha for sha, status in newest.items() if status == "healthy"} & proven - {failing}

    try:
        chosen = choose_release(sample.target).to_commit
    except NoProvenRelease:
        assert not good
    else:
        assert chosen in good
