"""The benchmark's chart shows every way of running it, and depends on the results alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import matplotlib as mpl
import pytest
from defusedxml.ElementTree import fromstring

import bench
from bench_chart import COLOURS, QUIET, STORM, draw

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).parent.parent


def results(*left_out: str) -> dict[str, Any]:
    """What `make bench` measured, without some ways of running it."""
    response: dict[str, Any] = {}
    for number, name in enumerate(COLOURS):
        if name in left_out:
            continue
        measured: dict[str, Any] = {}
        for place, where in enumerate([*QUIET.values(), *STORM.values()]):
            inner = measured
            for key in where[:-1]:
                inner = inner.setdefault(key, {})
            inner[where[-1]] = 0.01 * 3**place + number
        response[name] = measured
    machine = {"cores": 2, "memory GiB": 8, "Prefect": "3.8.0"}
    return {"machine": machine, "measured": "2026-11-25", "response": response}


def drawn(measured: dict[str, Any], path: Path) -> tuple[str, set[str]]:
    """The chart's text and the colours with which it is filled."""
    with mpl.rc_context({"svg.fonttype": "none"}):  # text as text, to be read here
        draw(measured, path)
    root: Element = fromstring(path.read_text("utf-8"))
    assert f"{SVG}svg" == root.tag
    text = "\n".join("".join(each.itertext()) for each in root.iter(f"{SVG}text"))
    styles = [each.get("style", "") for each in root.iter(f"{SVG}path")]
    return text, {colour for colour in COLOURS.values() if any(colour in s for s in styles)}


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


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    """In this process and in another: a chart that is in git changes only with its figures."""
    measured = results()
    paths = [tmp_path / f"{number}.svg" for number in range(3)]
    for path in paths[:2]:
        draw(measured, path)
    program = (
        "import json, pathlib, sys, bench_chart\n"
        "bench_chart.draw(json.load(sys.stdin), pathlib.Path(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(paths[2])],
        input=json.dumps(measured),
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
    )

    assert 1 == len({path.read_bytes() for path in paths})


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
