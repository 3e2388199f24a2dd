"""Releases that cannot be had are passed over: gone, out of reach, unreadable, in doubt."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from samples.targets import GATES, commit, git, new_repository, prove, write_history, write_json
from schemas.errors import NoProvenRelease, TargetError
from schemas.settings import Health, Target
from tasks.drift.read_baseline import read_target_baseline
from tasks.rollback.choose_release import choose_release
from tasks.target.fetch import Origin
from tasks.target.readable import unreadable_because
from tasks.target.repository import TargetRepository


class Cloned:
    """A clone of `origin`, with an old and a newer healthy release, and a bad one checked out.

    Only `origin` has the newer one, on another branch than the clone's.
    """

    def __init__(self, directory: Path, *options: str) -> None:
        self.origin = new_repository(directory / "origin")
        git(self.origin, "config", "uploadpack.allowFilter", "true")
        self.old = commit(self.origin, {"app": "1", "data": "old"})
        self.bad = commit(self.origin, {"app": "3", "data": "bad"})
        place = directory / "shop"
        git(directory, "clone", "--quiet", *options, f"file://{self.origin}", str(place))
        git(self.origin, "checkout", "--quiet", "-b", "release", self.old)
        self.new = commit(self.origin, {"app": "2", "data": "new"})
        git(self.origin, "checkout", "--quiet", "main")
        self.target = Target(
            name="shop",
            repository=place,
            deploy_command=("true",),
            health=Health(command=("true",)),
            required_gates=GATES,
        )
        write_history(
            self.target, (self.old, "healthy"), (self.new, "healthy"), (self.bad, "failed")
        )
        prove(self.target, self.old)
        prove(self.target, self.new)

    def forget_new(self) -> None:
        """Force-pushed away, and collected: nobody has it."""
        git(self.origin, "branch", "--quiet", "-D", "release")
        git(self.origin, "reflog", "expire", "--expire=now", "--all")
        git(self.origin, "gc", "--quiet", "--prune=now")

    def refs(self) -> str:
        """Every branch and tag of the clone, and where the last fetch by a person ended."""
        noted = self.target.repository / ".git" / "FETCH_HEAD"
        return git(self.target.repository, "for-each-ref") + str(noted.exists())


@pytest.mark.parametrize("protocol", ["2", "0"])
def test_a_release_that_only_the_remote_has_is_fetched(tmp_path: Path, protocol: str) -> None:
    """By its id, or with its branch where the server refuses that; no branch of ours moves."""
    sample = Cloned(tmp_path)
    git(sample.target.repository, "config", "protocol.version", protocol)
    git(sample.origin, "checkout", "--quiet", "release")
    commit(sample.origin, {"app": "later"})
    before = sample.refs()

    plan = choose_release(sample.target)

    assert sample.new == plan.to_commit
    assert "was not in the repository yet, and was fetched" in plan.chosen_because
    assert before == sample.refs()


def test_a_release_that_is_gone_is_passed_over_by_everybody(tmp_path: Path) -> None:
    """The next proven one is chosen, drift compares with the same, and a named one is an error."""
    sample = Cloned(tmp_path)
    sample.forget_new()

    plan = choose_release(sample.target)
    baseline = read_target_baseline(sample.target)

    assert sample.old == plan.to_commit
    assert f"skipped {sample.new[:12]}: it is neither in" in plan.chosen_because
    assert baseline is not None
    assert (sample.old, plan.passed_over) == (baseline.commit, baseline.passed_over)
    with pytest.raises(TargetError, match=f"^{sample.new[:12]} is neither in .* nor on its remote"):
        choose_release(sample.target, sample.new)


def test_a_remote_that_hangs_is_given_up_and_asked_no_second_time(tmp_path: Path) -> None:
    """One deadline for all that is looked at; what is here needs no remote."""
    sample = Cloned(tmp_path)
    git(sample.target.repository, "remote", "set-url", "origin", "ssh://nowhere.invalid/shop")
    asked = tmp_path / "asked"
    git(sample.target.repository, "config", "core.sshCommand", f"echo x >> {asked}; sleep 1000 #")

    with TargetRepository(sample.target) as repository:
        origin = Origin(repository, seconds=0.5)
        assert origin.lacks(sample.old) is None
        first, second = origin.lacks(sample.new), origin.lacks("1" * 40)

    assert "does not answer: 'git ls-remote' did not finish within 1 s" in str(first)
    assert "does not answer: 'git ls-remote' did not finish within 1 s" in str(second)
    assert ["x"] == asked.read_text().split()


def test_a_broken_release_is_passed_over(tmp_path: Path) -> None:
    """A file that git cannot read, or whose content is another, is found before the checkout."""
    sample = Cloned(tmp_path)
    repository = sample.target.repository
    git(repository, "fetch", "--quiet", "origin", "release")
    blob = git(repository, "rev-parse", f"{sample.new}:data")
    _loose(repository, blob).write_bytes(b"rubbish")

    plan = choose_release(sample.target)

    assert sample.old == plan.to_commit
    assert f"{sample.new[:12]}: it has objects that cannot be read" in plan.chosen_because


def test_a_partial_clone_gets_what_it_left_on_its_remote(tmp_path: Path) -> None:
    """And passes a release over whose files it cannot get; a look never hangs on a lazy fetch."""
    sample = Cloned(tmp_path, "--filter=blob:none")
    away = tmp_path / "away"
    sample.origin.rename(away)

    with TargetRepository(sample.target) as repository:
        assert "lacks 2 objects in this partial clone" in str(
            unreadable_because(repository, sample.old, Origin(repository))
        )
    with pytest.raises(NoProvenRelease, match=r"partial clone, and its remote .origin. does not"):
        choose_release(sample.target)

    away.rename(sample.origin)
    assert sample.new == choose_release(sample.target).to_commit


def test_a_shallow_clone_gets_an_older_release(tmp_path: Path) -> None:
    """Without the history in between."""
    sample = Cloned(tmp_path, "--depth=1")
    sample.forget_new()

    assert sample.old == choose_release(sample.target).to_commit
    assert "1" == git(sample.target.repository, "rev-list", "--count", sample.old)


@pytest.mark.parametrize(
    "odd",
    [
        {"deployedAt": "2026-01-01 00:30:00"},
        {"deployedAt": "soon"},
        {"status": 5},
        {"commit": "HEAD"},
    ],
)
def test_an_odd_entry_is_named_and_passed_over_unless_it_could_decide(
    tmp_path: Path, odd: dict[str, Any]
) -> None:
    """In the middle it is named; at the end it may be the newest, and then what runs decides."""
    sample = Cloned(tmp_path)
    entries = json.loads(sample.target.history_path.read_text())["deployments"]
    odd = entries[2] | odd

    write_json(sample.target.history_path, {"deployments": [entries[0], odd, *entries[1:]]})
    plan = choose_release(sample.target)
    assert sample.new == plan.to_commit
    assert "$.deployments[1]" in plan.chosen_because

    write_json(sample.target.history_path, {"deployments": [*entries[:2], odd]})
    if "00:30" not in str(odd):
        with pytest.raises(TargetError, match=r"\$.deployments\[2\].*may be the newest"):
            choose_release(sample.target)
    knows = sample.target.model_copy(update={"running_command": ("echo", sample.bad)})
    assert sample.new == choose_release(knows).to_commit


def test_an_odd_entry_that_may_say_that_the_candidate_failed_refuses(tmp_path: Path) -> None:
    """It is neither believed nor overlooked."""
    sample = Cloned(tmp_path)
    entries = json.loads(sample.target.history_path.read_text())["deployments"]
    odd = entries[1] | {"status": "failed", "deployedAt": "2026-01-01 01:30:00"}
    write_json(sample.target.history_path, {"deployments": [*entries[:2], odd, entries[2]]})

    with pytest.raises(TargetError, match=r"\$.deployments\[2\].*may have failed after it was"):
        choose_release(sample.target)


def test_a_gate_that_failed_and_passed_proves_nothing(tmp_path: Path) -> None:
    """Whichever of the two comes last."""
    sample = Cloned(tmp_path)
    stages = '{"tests": {"status": "fail"}, "tests": {"status": "pass"}}'
    text = f'{{"commit": "{sample.old}", "stages": {stages}}}'
    sample.target.provenance_path(sample.old).write_text(text)

    with pytest.raises(NoProvenRelease, match=r"\$.stages: 'tests' comes twice"):
        choose_release(sample.target, sample.old)


def test_two_proofs_that_contradict_each_other_prove_nothing(tmp_path: Path) -> None:
    """One under the full id and one under a short one, of which the other failed."""
    sample = Cloned(tmp_path)
    prove(sample.target, sample.old[:9], tests="fail")

    with pytest.raises(NoProvenRelease, match="contradict each other"):
        choose_release(sample.target, sample.old)


def test_what_git_lfs_keeps_is_said_not_to_be_looked_at(tmp_path: Path) -> None:
    """Its server may be away when the checkout asks it."""
    sample = Cloned(tmp_path)
    lfs = {"media/.gitattributes": "*.bin filter=lfs -text\n"}
    with_lfs = commit(sample.target.repository, lfs)
    prove(sample.target, with_lfs)

    plan = choose_release(sample.target, with_lfs)

    assert "Git LFS keeps elsewhere (see media/.gitattributes)" in plan.not_looked_at[0]
    assert () == choose_release(sample.target, sample.old).not_looked_at


def test_wrong_words_and_wrong_names_get_a_hint(tmp_path: Path) -> None:
    """Nothing is accepted, and the reader learns why."""
    sample = Cloned(tmp_path)
    write_history(sample.target, (sample.old, "success"), (sample.bad, "failed"))
    with pytest.raises(NoProvenRelease, match="1 entry has status 'success'; only 'healthy'"):
        choose_release(sample.target)

    proper = sample.target.provenance_path(sample.old)
    shutil.move(proper, proper.with_name(f"{sample.old.upper()}.json"))
    with pytest.raises(NoProvenRelease, match=f"{sample.old.upper()}.json lies there"):
        choose_release(sample.target, sample.old)

    prove(sample.target, sample.old, tests="Passed")
    with pytest.raises(NoProvenRelease, match=f"{sample.old}.json: only 'pass' .* not 'Passed'"):
        choose_release(sample.target, sample.old)


def _loose(repository: Path, identity: str) -> Path:
    """The file of an object that is in no pack any more."""
    objects = repository / ".git" / "objects"
    for pack in [*objects.glob("pack/*.pack")]:
        moved = shutil.move(pack, repository.parent / pack.name)
        with Path(moved).open("rb") as content:
            command = ["git", "unpack-objects", "-q"]
            subprocess.run(command, cwd=repository, stdin=content, check=True, timeout=60)
    found = objects / identity[:2] / identity[2:]
    found.chmod(0o644)
    return found
