"""The benchmark's chart shows every way of running it, and depends on the results alone."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest

from bench import run as bench
from bench.chart import COLOURS, QUIET, draw
from samples.measured import drawn, results


def test_each_way_of_running_is_in_it(tmp_path: Path) -> None:
    """By its name and in its colour, with the machine and the titles."""
    text, colours = drawn(results(), tmp_path / "all.svg")

    assert set(COLOURS.values()) == colours
    assert [*COLOURS] == [name for name in COLOURS if name in text]
    for shown in ("2 cores", "8 GiB", "Prefect 3.8.0", "2026-11-25", "one alert", "100 incidents"):
        assert shown in text


@pytest.mark.parametrize("missing", COLOURS)
def test_the_others_are_in_it_when_one_is_missing(missing: str, tmp_path: Path) -> None:
    """PostgreSQL is not everywhere."""
    text, colours = drawn(results(missing), tmp_path / "some.svg")

    assert {colour for name, colour in COLOURS.items() if name != missing} == colours
    assert [missing] == [name for name in COLOURS if name not in text]


def test_a_figure_that_was_not_measured_has_no_bar(tmp_path: Path) -> None:
    """The scripts are over when they have acted: the rest of them is there, also by name."""
    measured = results()
    shell = measured["response"]["the spec's shell scripts"]
    shell["storm of 100"] = {"last page": 2.0}
    del shell["quiet"]["alert to page"]
    text, colours = drawn(measured, tmp_path / "some.svg")

    assert set(COLOURS.values()) == colours
    assert [*COLOURS] == [name for name in COLOURS if name in text]


def test_other_results_give_another_chart(tmp_path: Path) -> None:
    """The bytes are not the same for lack of figures in them."""
    slower = results()
    slower["response"]["warm worker, SQLite"]["quiet"]["alert to page"]["p50"] = 9.0
    draw(results(), tmp_path / "a.svg")
    draw(slower, tmp_path / "b.svg")

    assert (tmp_path / "a.svg").read_bytes() != (tmp_path / "b.svg").read_bytes()


def test_the_ways_of_running_are_those_that_are_measured() -> None:
    """A new name in one place would be left out of the chart without a word."""
    assert {bench.WARM, bench.STOCK, bench.POSTGRESQL, bench.SHELL} == set(COLOURS)
    assert {bench.PAGE, bench.ACTION} == {where[1] for where in QUIET.values()}


def test_drawing_leaves_matplotlib_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other charts of the process are not ours."""
    monkeypatch.setitem(mpl.rcParams, "svg.hashsalt", "of another")
    before = dict(mpl.rcParams)
    draw(results(), tmp_path / "a.svg")

    assert before == dict(mpl.rcParams)
