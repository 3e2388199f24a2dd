"""Whose a file is that fell although nobody touched it: its tests are gone."""

from __future__ import annotations

from pathlib import Path

from samples.quality_target import AUTHOR, QualitySample, quality_target, save_good_summary
from samples.targets import commit, git, prove, write_history
from schemas.quality import Assessment, Investigation
from schemas.settings import Settings
from tasks.quality.assess_quality import assess
from tasks.quality.assign_investigation import find_owner
from tasks.quality.measure_quality import reports_of
from tasks.quality.wording import UNTOUCHED, lines_of, report_of


def investigated(sample: QualitySample) -> tuple[Assessment, Investigation]:
    """What fell, and whose it is."""
    found = assess(sample.target, reports_of(sample.target, {}))
    return found, find_owner(sample.target, found, Settings())


def fell_untouched(tmp_path: Path) -> QualitySample:
    """The release has the file as it is; since then only another file was changed."""
    sample = quality_target(tmp_path, owners=None)
    prove(sample.target, sample.head)
    write_history(sample.target, (sample.head, "healthy"))
    save_good_summary(sample._replace(good=sample.head))
    head = commit(sample.target.repository, {"tests.py": ""}, "Remove a slow test")
    return sample._replace(good=sample.head, head=head)


def test_who_wrote_it_investigates_what_fell_untouched(tmp_path: Path) -> None:
    """No commit touched it since the release: its author before that, and the report says so."""
    sample = fell_untouched(tmp_path)

    found, investigation = investigated(sample)

    assert (sample.good, True) == (found.baseline, found.fell)
    assert f"{AUTHOR.partition(' <')[0]} (grace@example.org)" == investigation.owner
    assert "before the release" in investigation.because
    assert {"shop/cart.py": ()} == investigation.commits
    assert f"    {UNTOUCHED}" in lines_of(found, investigation)
    assert f"| {UNTOUCHED} |" in report_of("title", found, investigation)


def test_who_touched_it_since_the_release_comes_first(tmp_path: Path) -> None:
    """Once somebody did, they are asked, not who wrote it."""
    sample = fell_untouched(tmp_path)
    root = sample.target.repository
    commit(root, {"shop/cart.py": "# shorter\n"}, "Shorten")

    found, investigation = investigated(sample)

    assert investigation.owner == git(root, "log", "-1", "--format=%an (%ae)")
    assert UNTOUCHED not in report_of("title", found, investigation)
