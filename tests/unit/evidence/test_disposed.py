"""What the incidents of a bundle show of one that is no longer kept: its place, and its time."""

from __future__ import annotations

import pytest

from tasks.evidence.script.disposed import Kept

KEPT = Kept(
    {
        1: [{"seq": 10, "timestamp": "2026-01-02"}, {"seq": 50, "timestamp": "2026-01-05"}],
        3: [{"seq": 30, "timestamp": "2026-01-03"}, {"seq": 40, "timestamp": "2099-01-01"}],
        4: [],
    },
    "2026-02-01",
)


@pytest.mark.parametrize(("first", "fits"), [(9, False), (11, True), (29, True), (31, False)])
def test_an_incident_began_between_its_neighbours(first: int, fits: bool) -> None:
    """Numbers are given as incidents are opened: an older one cannot stand in for #2."""
    assert fits is KEPT.is_between(2, first)


@pytest.mark.parametrize(
    ("seq", "latest"),
    [(10, ""), (11, "2026-01-02"), (35, "2026-01-03"), (45, "2026-01-03"), (60, "2026-01-05")],
)
def test_it_was_opened_no_earlier_than_what_stands_before_it(seq: int, latest: str) -> None:
    """What is later than the bundle itself had a wrong clock."""
    assert latest == KEPT.latest_before(seq)
