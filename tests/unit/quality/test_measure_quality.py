"""Reading reports ends in time, whatever they hold."""

from __future__ import annotations

import pytest

from schemas.errors import InvalidInput
from tasks.quality import measure_quality
from tasks.quality.measure_quality import Reports, figures
from tasks.reports.report_files import TrackedFiles

COMMIT = "a" * 40
TRACKED = TrackedFiles(["shop/cart.py"])
COVERAGE = b'{"files": {"cart.py": {"executed_lines": [1], "missing_lines": []}}}'
MUTANTS = b"shop.cart.x_total__mutmut_1: killed\n"


@pytest.mark.parametrize(
    ("reports", "content"),
    [
        (Reports(coverage=("report",)), COVERAGE),
        (Reports(mutation=("report",)), MUTANTS),
    ],
)
def test_a_report_whose_files_take_too_long_is_named(
    monkeypatch: pytest.MonkeyPatch, reports: Reports, content: bytes
) -> None:
    """The time is looked at for each file: a report may have many in many folders."""

    def read(_name: str) -> bytes:
        monkeypatch.setattr(measure_quality, "LONGEST", -1.0)  # it took all the time
        return content

    assert figures(COMMIT, reports, lambda _name: content, TRACKED).files
    with pytest.raises(InvalidInput, match=r"longer than .* report was not read to its end"):
        figures(COMMIT, reports, read, TRACKED)
