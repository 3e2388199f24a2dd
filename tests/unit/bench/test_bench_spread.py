"""Percentiles of a benchmark, by nearest rank: each is a time that was measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.spread import spread

SECONDS = st.lists(st.floats(0, 1000), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("seconds", "p50", "p95", "p99"),
    [
        ([0.25], 0.25, 0.25, 0.25),
        ([1.0, 2.0], 1.0, 2.0, 2.0),
        ([3.0, 1.0, 2.0], 2.0, 3.0, 3.0),
        ([float(number) for number in range(1, 21)], 10.0, 19.0, 20.0),
        ([float(number) for number in range(100, 0, -1)], 50.0, 95.0, 99.0),
        ([float(number) for number in range(1, 201)], 100.0, 190.0, 198.0),
        ([0.00004, 0.00006, 0.12345678], 0.0001, 0.1235, 0.1235),
    ],
)
def test_known_lists(seconds: list[float], p50: float, p95: float, p99: float) -> None:
    """Whatever their order; rounded to a tenth of a millisecond."""
    assert {"p50": p50, "p95": p95, "p99": p99, "n": len(seconds)} == spread(seconds)


@given(SECONDS)
def test_any_list(seconds: list[float]) -> None:
    """Each percentile was measured, they are in order, and so many are not above them."""
    given_order = list(seconds)
    found = spread(seconds)
    rounded = [round(each, 4) for each in seconds]

    assert seconds == given_order
    assert found["p50"] <= found["p95"] <= found["p99"] <= max(rounded)
    for name, share in {"p50": 50, "p95": 95, "p99": 99}.items():
        below = sum(each <= found[name] for each in rounded)
        assert found[name] in rounded
        assert 100 * below >= share * len(seconds)
