"""Quality as data: thresholds, totals, and which files fell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.quality import (
    Count,
    FileQuality,
    Measure,
    Owner,
    QualityReport,
    TargetQuality,
    below,
    fallen,
    shortfalls_of,
    summed,
)

SHA = "a" * 40
COUNTS = st.integers(0, 500).flatmap(
    lambda total: st.integers(0, total).map(lambda good: Count(good, total))
)
FILES = st.builds(FileQuality, line=COUNTS, branch=st.none() | COUNTS, mutation=st.none() | COUNTS)


def lines(good: int, total: int) -> FileQuality:
    """A file of which only lines are known."""
    return FileQuality(line=Count(good, total))


def test_the_thresholds_are_aeefs_unless_others_are_set() -> None:
    """80, 70 and 70 percent; exactly reaching one is enough."""
    report = QualityReport(
        commit=SHA,
        files={"a": FileQuality(line=Count(80, 100), branch=Count(69, 100), mutation=Count(7, 10))},
    )

    assert ["branch coverage 69.0 % (needs 70 %)"] == [
        str(each) for each in shortfalls_of(report, TargetQuality())
    ]
    assert () == shortfalls_of(report, TargetQuality(thresholds={Measure.BRANCH: 60}))


def test_a_path_can_have_a_threshold_of_its_own() -> None:
    """It applies to its files together, and to each instead of the general one."""
    wanted = TargetQuality(paths={"/pay/": {Measure.LINE: 95}, "*.gen.py": {Measure.LINE: 0}})
    files = {"pay/a.py": lines(90, 100), "other.py": lines(85, 100), "x.gen.py": lines(0, 5)}
    report = QualityReport(commit=SHA, files=files)

    assert ["line coverage of /pay/ 90.0 % (needs 95 %)"] == [
        str(each) for each in shortfalls_of(report, wanted)
    ]
    assert ["pay/a.py"] == [suspect.path for suspect in below(files, wanted)]


def test_a_file_counts_for_the_last_pattern_that_fits_it() -> None:
    """An exception within a folder does not pull the folder down; measures are kept apart."""
    wanted = TargetQuality(
        paths={"/src/": {Measure.LINE: 90, Measure.BRANCH: 50}, "/src/old/": {Measure.LINE: 10}}
    )
    files = {
        "src/a.py": FileQuality(line=Count(95, 100), branch=Count(9, 10)),
        "src/old/b.py": FileQuality(line=Count(15, 100), branch=Count(0, 10)),
        "c.py": FileQuality(line=Count(900, 900), branch=Count(900, 900)),
    }

    found = shortfalls_of(QualityReport(commit=SHA, files=files), wanted)

    assert ["branch coverage of /src/ 45.0 % (needs 50 %)"] == [str(each) for each in found]


def test_files_fell_that_are_worse_than_at_the_release_or_new_and_poor() -> None:
    """Worst first, by what is to win back; a file that was always poor did not fall."""
    before = {"small": lines(9, 10), "large": lines(900, 1000), "poor": lines(1, 10)}
    now = {
        "small": lines(1, 10),
        "large": lines(850, 1000),
        "poor": lines(2, 10),
        "new": lines(5, 100),
        "fine": lines(9, 10),
    }

    found = fallen(now, before, TargetQuality())

    assert ["new", "large", "small"] == [suspect.path for suspect in found]
    assert "line coverage 90.0 → 85.0 %" == str(found[1].changes[0])


def test_a_report_never_claims_more_than_all() -> None:
    """A saved summary that does is refused."""
    with pytest.raises(ValidationError, match="line: 11 of 10"):
        lines(11, 10)


@given(st.dictionaries(st.text(min_size=1, max_size=9), FILES, max_size=6))
def test_nothing_falls_compared_with_itself(files: dict[str, FileQuality]) -> None:
    """The same figures are no fall, and a summary survives its file."""
    report = QualityReport(commit=SHA, files=files, elsewhere=summed(files.values()))

    assert [] == fallen(files, files, TargetQuality(thresholds=dict.fromkeys(Measure, 0.0)))
    assert report == QualityReport.model_validate_json(report.model_dump_json(by_alias=True))


@given(st.lists(FILES, max_size=6))
def test_a_total_is_the_sum_of_its_files(files: list[FileQuality]) -> None:
    """Line by line, not an average of percentages."""
    total = summed(files)

    for measure in Measure:
        counts = [count for file in files if (count := file.count(measure))]
        expected = Count(sum(c.good for c in counts), sum(c.total for c in counts))
        assert expected == (total.count(measure) or Count(0, 0))


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", ".git/config", "", "a\\b"])
def test_reports_lie_in_the_repository(path: str) -> None:
    """No setting can name another file."""
    with pytest.raises(ValidationError):
        TargetQuality(coverage=(path,))


@pytest.mark.parametrize("ids", [{"jira": "a b"}, {"jira": "../x"}, {"slack": "#general"}])
def test_an_owners_ids_are_ids(ids: dict[str, str]) -> None:
    """A name in place of an id is a mistake that is better found at once."""
    with pytest.raises(ValidationError):
        Owner.model_validate(ids)
