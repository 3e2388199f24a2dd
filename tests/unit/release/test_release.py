"""Which release is the last known good, and what proves one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import NoProvenRelease
from schemas.release import Deployment, History, Provenance, last_known_good, same_commit

START = datetime(2026, 1, 1, tzinfo=UTC)
GATES = ("tests", "security-scan")
A, B, C = ("a" * 40, "b" * 40, "c" * 40)
deployments = st.lists(
    st.builds(
        Deployment,
        commit=st.sampled_from([A, B, C, "d" * 40]),
        status=st.sampled_from(["healthy", "failed", "unknown", "Healthy", ""]),
        deployed_at=st.none() | st.integers(0, 5).map(lambda hours: START + timedelta(hours=hours)),
    ),
    max_size=8,
)


def history(*entries: tuple[str, str, int]) -> History:
    """A history of (commit, status, hour)."""
    return History(
        deployments=[
            Deployment(commit=commit, status=status, deployed_at=START + timedelta(hours=hour))
            for commit, status, hour in entries
        ]
    )


@pytest.mark.proves("SPEC-ROLLBACK-last-known-good")
def test_the_newest_by_time_wins_wherever_it_stands_in_the_file() -> None:
    """The spec took the first entry of the file, whatever it was."""
    found = last_known_good(history((A, "healthy", 1), (C, "failed", 3), (B, "healthy", 2)), C)

    assert B == found.commit


def test_the_failing_release_is_never_chosen() -> None:
    """Also when the history calls it healthy, and when its name is abbreviated."""
    both = history((A, "healthy", 1), (B, "healthy", 2))

    assert [A, A, B] == [last_known_good(both, failing).commit for failing in (B, B[:7], None)]


def test_a_release_that_failed_later_is_no_longer_good() -> None:
    """Its newest entry counts, not its best."""
    found = last_known_good(history((A, "healthy", 1), (B, "healthy", 2), (B, "failed", 3)), C)

    assert A == found.commit


def test_of_two_at_the_same_time_the_later_line_is_newer() -> None:
    """Pipelines append."""
    assert B == last_known_good(history((A, "healthy", 1), (B, "healthy", 1)), C).commit


def test_entries_without_a_time_are_the_oldest() -> None:
    """What has no time is not taken for new."""
    undated = Deployment(commit=B, status="healthy")
    both = history((A, "healthy", 1))
    both.deployments.append(undated)

    assert A == last_known_good(both, C).commit


@pytest.mark.parametrize("entries", [[], [(A, "failed", 1)], [(B, "healthy", 1)]])
def test_without_a_good_release_the_error_says_what_to_do(
    entries: list[tuple[str, str, int]],
) -> None:
    """Nothing is guessed."""
    with pytest.raises(NoProvenRelease, match="--to-commit"):
        last_known_good(history(*entries), B)


@given(entries=deployments, failing=st.none() | st.sampled_from([A, B]))
def test_a_rollback_never_goes_to_an_unhealthy_or_failing_release(
    entries: list[Deployment], failing: str | None
) -> None:
    """Every candidate's newest entry is healthy, it is not the failing one, and each is new."""
    past = History(deployments=entries)
    newest = {entry.commit: entry for entry in reversed(past.newest_first())}
    chosen = [entry.commit for entry in past.candidates(failing)]

    assert all(newest[commit].status == "healthy" for commit in chosen)
    assert failing not in chosen
    assert len(set(chosen)) == len(chosen)
    assert {c for c, e in newest.items() if e.status == "healthy"} - {failing} == set(chosen)


def test_what_the_target_s_files_say_besides_is_kept() -> None:
    """The files are the target's: unknown fields survive, and `timestamp` is a time too."""
    data: dict[str, Any] = {
        "deployments": [
            {"commit": A, "status": "healthy", "timestamp": "2026-01-01T00:00:00Z", "by": "ci"}
        ],
        "rollbacks": [{"commit": A, "timestamp": "2026-01-02T00:00:00Z", "from": B, "why": "bad"}],
        "owner": "shop",
    }
    read = History.model_validate(data)

    assert START == read.deployments[0].deployed_at
    written = read.to_json()
    assert ("ci", B, "bad", "shop") == (
        written["deployments"][0]["by"],
        written["rollbacks"][0]["from"],
        written["rollbacks"][0]["why"],
        written["owner"],
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(A, A, True), (A, A[:7], True), (A[:7], A, True), (A, A[:6], False), (A, B, False),
     (A, None, False), (A, "", False)],
)  # fmt: skip
def test_an_abbreviation_of_seven_names_a_commit(one: str, other: str | None, same: bool) -> None:
    """Git's own shortest; less could be another."""
    assert same is same_commit(one, other)


@pytest.mark.proves("SPEC-ROLLBACK-gates", "REQ-009-11", "REQ-010-04")
@pytest.mark.parametrize(
    ("stages", "problems"),
    [
        ({"tests": "pass", "security-scan": "pass"}, []),
        ({"tests": "pass", "security-scan": "pass", "lint": "pass"}, []),
        ({}, ["it has no gate results at all"]),
        ({"tests": "pass"}, ["required gate 'security-scan' is missing"]),
        ({"tests": "pass", "security-scan": "fail"}, ["gate 'security-scan' has status 'fail'"]),
        ({"tests": "PASS", "security-scan": "pass"}, ["gate 'tests' has status 'PASS'"]),
        (
            {"tests": "pass", "security-scan": "pass", "lint": "skipped"},
            ["gate 'lint' has status 'skipped'"],
        ),
        (
            {"lint": None},
            [
                "required gate 'tests' is missing",
                "required gate 'security-scan' is missing",
                "gate 'lint' has status 'None'",
            ],
        ),
    ],
)
def test_only_a_release_that_passed_every_gate_is_proven(
    stages: dict[str, str | None], problems: list[str]
) -> None:
    """Every required gate must have run, and every one that ran must have passed."""
    provenance = Provenance(stages={name: {"status": value} for name, value in stages.items()})

    assert problems == provenance.failures(GATES)


@given(
    stages=st.dictionaries(
        st.sampled_from([*GATES, "lint"]),
        st.fixed_dictionaries(
            {}, optional={"status": st.sampled_from(["pass", "fail", "", "passed", None, True])}
        ),
    )
)
def test_nothing_unproven_passes(stages: dict[str, dict[str, Any]]) -> None:
    """No failure is found only where there is nothing but passes, of all required gates."""
    proven = set(GATES) <= set(stages) and all(
        result.get("status") == "pass" for result in stages.values()
    )

    assert proven is (not Provenance(stages=stages).failures(GATES))
