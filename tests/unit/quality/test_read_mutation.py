"""Mutation reports: real ones of Stryker and both mutmuts, and hostile ones."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.quality_target import SAMPLES
from schemas.errors import InvalidInput
from schemas.quality import Count
from tasks.quality.mutation.stryker import STATUSES
from tasks.quality.read_mutation import read_mutation


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("stryker.json", {("src/cart.js",): (4, 12), ("src/unused.js",): (0, 5)}),
        ("mutmut-2-junit.xml", {("shop/cart.py",): (5, 21), ("shop/mail.py",): (2, 2)}),
        (
            "mutmut-3-results.txt",
            {
                ("shop/cart.py", "shop/cart/__init__.py"): (7, 23),
                ("shop/mail.py", "shop/mail/__init__.py"): (4, 4),
            },
        ),
    ],
)
def test_real_reports(name: str, files: dict[tuple[str, ...], tuple[int, int]]) -> None:
    """Found and all mutants by file; mutmut 3 prints `11 killed` of 27 for this one."""
    mutants = read_mutation((SAMPLES / name).read_bytes(), name)

    assert {names: Count(*figures) for names, figures in files.items()} == mutants.files


def test_mutants_that_say_nothing_of_the_tests_do_not_count() -> None:
    """Stryker's score: killed and timed out, of these and those that survived or ran nowhere."""
    report = {"files": {"a.js": {"mutants": [{"status": status} for status in STATUSES]}}}

    mutants = read_mutation(json.dumps(report).encode(), "m.json")

    assert {("a.js",): Count(2, 4)} == mutants.files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"\xff\xfe", "it is no text"),
        (b"\xff\xfe a.x_b__mutmut_1: killed", "not UTF-8"),
        (b"hello", "it is text. Known are .*`mutmut results"),
        (b"hello\na.x_b__mutmut_1: killed", "line 1 is not of `mutmut results"),
        (b"shop.cart.x_a__mutmut_1: survived\n", "--all true"),
        (b"shop.cart.x_a__mutmut_1: eaten\n", "unknown status 'eaten'"),
        (b'{"files": {"a": {"mutants": [{"status": "<!channel>"}]}}}', "unknown status"),
        (b'{"files": []}', "Stryker's JSON, but not built as one"),
        (b'{"files": {}}', "fate of no mutant"),
        (b"<coverage/>", "a report of coverage: write it under `coverage`"),
        (b"<testsuites><testcase/></testsuites>", "name no file: is it a report of tests"),
        (b"<testsuites>", "ParseError"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><testsuites>&a;</testsuites>', "entities"),
        (b'{"files":' * 100_000, "Stryker's JSON, but not built as one"),
    ],
)
def test_what_is_wrong_is_one_clear_line(content: bytes, reason: str) -> None:
    """The error names the report and the reason, and says how to write a right one."""
    with pytest.raises(InvalidInput, match=reason) as raised:
        read_mutation(content, "m.json")

    assert "report m.json" in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.binary(max_size=200))
def test_anything_else_is_our_error(content: bytes) -> None:
    """A parser raises InvalidInput and nothing else, whatever it is given."""
    for start in (b"", b"<testsuites>", b'{"files":', b"a.x_b__mutmut_1: "):
        with suppress(InvalidInput):
            read_mutation(start + content, "x")
