"""Coverage of each format, numbers that tools write oddly, and formats that are not read."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.quality_target import SAMPLES
from schemas.errors import InvalidInput
from schemas.quality import Count, FileQuality, Measure, TargetQuality
from schemas.quality.quality import Shortfall
from tasks.quality.read_coverage import READERS, read_coverage
from tasks.reports.report_files import TrackedFiles
from tasks.reports.seen import start_of

FIGURES: list[tuple[str, dict[str, FileQuality]]] = [
    ("lcov.info", {
        "t.js": FileQuality(line=Count(1, 1), branch=Count(1, 2)),
        "src/cart.js": FileQuality(line=Count(4, 6), branch=Count(2, 6)),
    }),
    ("clover.xml", {
        "/tmp/scan/js/t.js": FileQuality(line=Count(1, 1), branch=Count(1, 2)),
        "/tmp/scan/js/src/cart.js": FileQuality(line=Count(4, 6), branch=Count(2, 6)),
    }),
    ("coverage-py.lcov", {
        "shop/__init__.py": FileQuality(line=Count(0, 0)),
        "shop/cart.py": FileQuality(line=Count(5, 7), branch=Count(2, 4)),
    }),
    ("jacoco.xml", {
        "org/shop/Cart.java": FileQuality(line=Count(7, 11), branch=Count(4, 6)),
    }),
    ("go-cover.out", {
        "/example.com/acme/shop/cart/cart.go": FileQuality(line=Count(5, 7)),
    }),
    ("opencover.xml", {
        "C:\\build\\src\\Shop\\Cart.cs": FileQuality(line=Count(2, 3), branch=Count(1, 2)),
        "/build/src/Shop/Mail.cs": FileQuality(line=Count(1, 1)),
    }),
]  # fmt: skip
"""The figures that the tools themselves print."""


def read(content: str) -> dict[str, FileQuality]:
    """The figures of a report."""
    coverage = read_coverage(content.encode(), "r")
    return {path: file.quality() for path, file in coverage.files.items()}


@pytest.mark.parametrize(("name", "figures"), FIGURES, ids=[name for name, _ in FIGURES])
def test_real_reports(name: str, figures: dict[str, FileQuality]) -> None:
    """The figures are those that the tool prints."""
    assert figures == read((SAMPLES / name).read_text("utf-8"))


@pytest.mark.parametrize(
    "name", [name for name, _ in FIGURES] + ["cobertura.xml", "coverage-py.json"]
)
def test_one_reader_says_that_a_report_is_its_own(name: str) -> None:
    """And no other one."""
    start = start_of((SAMPLES / name).read_bytes())

    assert 1 == len([reader.NAME for reader in READERS if reader.is_mine(start)])


@pytest.mark.parametrize(
    ("name", "tracked", "found"),
    [
        ("jacoco.xml", "app/src/main/java/org/shop/Cart.java", "org/shop/Cart.java"),
        ("go-cover.out", "cart/cart.go", "/example.com/acme/shop/cart/cart.go"),
        ("opencover.xml", "src/Shop/Cart.cs", "C:\\build\\src\\Shop\\Cart.cs"),
        ("clover.xml", "src/cart.js", "/tmp/scan/js/src/cart.js"),
        ("lcov.info", "web/src/cart.js", "src/cart.js"),
    ],
)
def test_a_file_is_found_in_the_repository(name: str, tracked: str, found: str) -> None:
    """By its package, its module, or the end of its path on the machine that measured."""
    coverage = read_coverage((SAMPLES / name).read_bytes(), name)

    assert found in coverage.files
    assert tracked == TrackedFiles([tracked]).find(found, coverage.roots)


XML = '<coverage line-rate="1"><packages><package><classes>{}</classes></package></packages>'
XML += "</coverage>"
LINE = '<class filename="a"><lines><line number="{}" hits="{}" {}/></lines></class>'


@pytest.mark.parametrize(
    ("number", "hits", "more", "line", "branch"),
    [
        ("1", "1.0", "", Count(1, 1), None),
        ("1.0", "0.0", "", Count(0, 1), None),
        (" 1 ", " 1 ", "", Count(1, 1), None),
        ("1", "1e3", "", Count(1, 1), None),
        ("1", "-1", "", Count(1, 1), None),
        ("1", "99999999999999999999999", "", Count(1, 1), None),
        ("1", "1", 'condition-coverage="50% (1/2)"', Count(1, 1), Count(1, 2)),
        ("1", "1", 'condition-coverage="33.333333% (1/3)"', Count(1, 1), Count(1, 3)),
        ("1", "1", 'condition-coverage="1/2"', Count(1, 1), Count(1, 2)),
        ("1", "1", 'condition-coverage="( 1 / 2 )"', Count(1, 1), Count(1, 2)),
        ("1", "1", 'condition-coverage="50%"', Count(1, 1), Count(1, 2)),
        ("1", "1", 'condition-coverage="79.95 %"', Count(1, 1), Count(1, 2)),
        ("1", "1", 'condition-coverage="100,0%"', Count(1, 1), Count(2, 2)),
        ("1", "1", 'condition-coverage="?"', Count(1, 1), None),
    ],
)
def test_an_odd_number_counts(
    number: str, hits: str, more: str, line: Count, branch: Count | None
) -> None:
    """One of them refused a whole report."""
    found = read(XML.format(LINE.format(number, hits, more)))["a"]

    assert (line, branch) == (found.line, found.branch)


@pytest.mark.parametrize(
    ("number", "hits", "reason"),
    [
        ("1", "many", "'many' is not a number"),
        ("1", "NaN", "'NaN' is not a number that counts"),
        ("1", "inf", "'inf' is not a number that counts"),
        ("1", "", "'' is not a number"),
        ("1.5", "1", "'1.5' is not the number of a line"),
        ("-1", "1", "'-1' is not the number of a line"),
        ("1e30", "1", "'1e30' is not the number of a line"),
        ("9" * 5000, "1", "is not a number that counts"),
    ],
)
def test_what_is_no_number_is_named(number: str, hits: str, reason: str) -> None:
    """With the format that the report is of."""
    with pytest.raises(InvalidInput, match=f"it is Cobertura XML, but .*{reason}") as raised:
        read(XML.format(LINE.format(number, hits, "")))

    assert len(str(raised.value)) < 600


def test_phpunits_clover() -> None:
    """Its files are named by their paths; a line of type `method` is a declaration."""
    report = """<?xml version="1.0" encoding="UTF-8"?>
<coverage generated="1"><project timestamp="1"><package name="Shop">
<file name="/app/src/Cart.php"><class name="Shop\\Cart"><metrics statements="2"/></class>
<line num="7" type="method" name="total" visibility="public" complexity="2" crap="2" count="1"/>
<line num="9" type="stmt" count="1"/><line num="10" type="stmt" count="0"/>
<metrics loc="20" statements="2" coveredstatements="1" conditionals="0" coveredconditionals="0"/>
</file></package></project></coverage>"""

    assert {"/app/src/Cart.php": FileQuality(line=Count(1, 2))} == read(report)


def test_lcov_as_all_its_tools_write_it() -> None:
    """Checksums, exceptions, branches that were never reached, several tests, no last end."""
    report = (
        "TN:first\nSF:a.c\nDA:1,1,PF4Rz2r7RTliO9u6bZ7h6g\nDA:2,0\n"
        "BRDA:1,0,0,1\nBRDA:1,0,1,-\nBRDA:2,e0,0,0\nend_of_record\r\n"
        "TN:second\nSF:a.c\nVER:1\nFN:1,3,f\nDA:2,1\nDA:3,0.0\nBRDA:1,0,0,0\nBRDA:1,0,1,2\n"
    )

    assert {"a.c": FileQuality(line=Count(2, 3), branch=Count(1, 3))} == read(report)
    assert {"a.c": FileQuality(line=Count(2, 3), branch=Count(1, 3))} == read(
        "# by hand\n" + report
    )


def test_jacocos_groups_and_default_package() -> None:
    """A build of several modules; a class in no package."""
    source = (
        '<sourcefile name="A.java"><line nr="1" mi="0" ci="2"/><line nr="2" mi="1"/></sourcefile>'
    )
    report = (
        '<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="r">'
        f'<group name="one"><package name="p">{source}</package></group>'
        f'<group name="two"><package name="">{source}</package></group></report>'
    )

    assert {"p/A.java", "A.java"} == set(read(report))
    assert FileQuality(line=Count(1, 2)) == read(report)["p/A.java"]


def test_go_profiles_that_were_joined() -> None:
    """A block of several packages' tests counts once, and the better one counts."""
    block = "example.com/shop/a.go:1.1,2.2 {} {}\n"
    report = "mode: atomic\n" + block.format(3, 0) + "mode: atomic\n" + block.format(3, 12)

    assert {"/example.com/shop/a.go": FileQuality(line=Count(3, 3))} == read(report)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"/a.js": {"path": "/a.js", "statementMap": {}}}',
         "Istanbul's coverage-final.json: write lcov"),
        ('{"total": {"lines":{"total":1}}}', "Istanbul's coverage-summary.json"),
        ('<coverage version="1"><file path="a"><lineToCover lineNumber="1" covered="true"/></file>'
         "</coverage>", "SonarQube's generic coverage"),
        ('{"type": "llvm.coverage.json.export"}', "LLVM's export: write lcov"),
        ('{"RSpec": {"coverage": {}}}', "SimpleCov's result set"),
        ('{"schemaVersion": "1", "files": {"a": {"mutants": []}}}', "under `mutation`"),
        ('<mutations><mutation/></mutations>', "under `mutation`"),
        ("<html><body>404", "a page \\(HTML\\)"),
        ("<results><modules/></results>", "XML that begins with <results>"),
        ('{"odd": 1}', 'a JSON object that begins with "odd"'),
        ("SQLite format 3\0", "coverage.py's own data file"),
        ("hello", "it is text"),
        ("SF:a\nDA:x,1\n", "lcov, but line 2: 'x' is not a number"),
        ("SF:a\nDA:1\n", "lcov, but line 2: "),
        ("SF:a\nend_of_record\n", "lcov, but it measures no line"),
        ("mode: set\nnonsense\n", "Go's cover profile, but line 2 is no block"),
        ("mode: set\na.go:1.1,2.2 999999999 1\n", "more than 100000 statements"),
        ("<CoverageSession><Modules/></CoverageSession>", "OpenCover XML, but it measures no line"),
        ('<CoverageSession><File uid="1"/></CoverageSession>', "'fullPath' is missing"),
        ('<report name="x"><sessioninfo/><package/></report>', "'name' is missing"),
        ('<coverage><project><file name="a"><line num="1" count="x"/></file></project></coverage>',
         "Clover XML, but 'x' is not a number"),
    ],
)  # fmt: skip
def test_an_error_names_the_format_that_it_saw(content: str, reason: str) -> None:
    """And what to write instead."""
    with pytest.raises(InvalidInput, match=reason) as raised:
        read(content)

    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600


def test_too_many_files_are_refused() -> None:
    """Whatever the format."""
    report = "".join(f"SF:{number}\n" for number in range(100_001))

    with pytest.raises(InvalidInput, match="more than 100000 files"):
        read(report)


@pytest.mark.parametrize(
    "start",
    ["SF:a\nDA:", "mode: set\na.go:", "<CoverageSession>", "<report><group>", "TN:\nSF:a\nBRDA:"],
)
@given(text=st.text(max_size=200))
def test_anything_else_is_our_error(start: str, text: str) -> None:
    """A parser raises InvalidInput and nothing else, whatever it is given."""
    with suppress(InvalidInput):
        read_coverage((start + text).encode("utf-8", "replace"), "x")


@pytest.mark.parametrize(
    ("percent", "text"),
    [(79.95, "79.95"), (79.999, "79.999"), (79.94, "79.9"), (0.0, "0.0"), (50.0, "50.0")],
)
def test_what_is_below_does_not_read_as_reached(percent: float, text: str) -> None:
    """`80.0 % (needs 80 %)` is a riddle."""
    said = str(Shortfall(measure=Measure.LINE, percent=percent, required=80))

    assert f"line coverage {text} % (needs 80 %)" == said


@pytest.mark.parametrize("written", ["79.95", "79.95 %", "79.95%", 79.95])
def test_a_threshold_may_have_a_sign_and_decimals(written: Any) -> None:
    """As people write it."""
    wanted = TargetQuality.model_validate_json(json.dumps({"thresholds": {"line": written}}))

    assert 79.95 == wanted.required(Measure.LINE)


@pytest.mark.parametrize(
    "content",
    [
        b"#" + b"\n" * 1_000_000,
        b"#\n \n" * 300_000,
        b"TN:\n" * 300_000,
        b"mode: set\n" + b"a:" * 1_000_000,
        b'<coverage line-rate="1"><class filename="a"><lines><line number="1" hits="1"'
        b' condition-coverage="' + b"1 " * 1_000_000 + b'"/></lines></class></coverage>',
        b"<coverage>" + b"< " * 1_000_000,
        b"{" + b" " * 1_000_000,
    ],
    ids=range(7),
)
def test_what_is_hostile_takes_no_time(content: bytes) -> None:
    """Patterns that look at it twice for each byte would take years."""
    began = time.process_time()

    with suppress(InvalidInput):
        read_coverage(content, "x")

    assert time.process_time() - began < 5
