"""Coverage reports: real ones, and those that somebody made to do harm."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.quality_target import SAMPLES
from schemas.errors import InvalidInput
from schemas.quality import Count, FileQuality
from tasks.quality.read_coverage import read_coverage

XML = '<coverage><packages><package name=""><classes>{}</classes></package></packages></coverage>'
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE coverage [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(9))
    + b"]><coverage>&j;</coverage>"
)


@pytest.mark.parametrize("name", ["cobertura.xml", "coverage-py.json"])
def test_real_reports_of_both_formats_say_the_same(name: str) -> None:
    """The figures are those that coverage.py itself prints: 10 of 17 lines, 2 of 8 branches."""
    coverage = read_coverage((SAMPLES / name).read_bytes(), name)

    assert {
        "shop/__init__.py": FileQuality(line=Count(0, 0)),
        "shop/cart.py": FileQuality(line=Count(8, 15), branch=Count(2, 8)),
        "shop/mail.py": FileQuality(line=Count(2, 2)),
    } == {path: file.quality() for path, file in coverage.files.items()}


def test_a_file_in_several_classes_is_one_file_and_the_better_line_counts() -> None:
    """As Java's inner classes are reported; `methods` repeat lines and are not counted twice."""
    line = '<line number="{}" hits="{}" branch="true" condition-coverage="50% ({}/2)"/>'
    one, other = line.format(1, 0, 0), line.format(1, 3, 1)
    classes = (
        f'<class filename="A.java"><methods><method><lines>{one}</lines></method></methods>'
        f"<lines>{one}</lines></class>"
        f'<class filename="A.java"><lines>{other}<line number="2" hits="0"/></lines></class>'
    )

    coverage = read_coverage(XML.format(classes).encode(), "c.xml")

    assert FileQuality(line=Count(1, 2), branch=Count(1, 2)) == coverage.files["A.java"].quality()


def test_coberturas_own_document_type_is_accepted() -> None:
    """Many tools write it; it is not fetched."""
    doctype = (
        b'<!DOCTYPE coverage SYSTEM "http://127.0.0.1:9/cobertura.sourceforge.net/coverage-04.dtd">'
    )
    good = XML.format('<class filename="a"><lines><line number="1" hits="1"/></lines></class>')

    assert ["a"] == list(read_coverage(doctype + good.encode(), "c.xml").files)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"\x00\xff\xfe binary", "it is no text. Known are"),
        (b"<coverage>", "ParseError"),
        (b"<testsuites/>", "a report of tests \\(JUnit\\), not of coverage"),
        (b"<coverage/>", "measures no line"),
        (XML.format("<class/>").encode(), "filename"),
        (XML.format('<class filename="a"><lines><line number="x" hits="1"/></lines></class>')
         .encode(), "Cobertura XML, but 'x' is not a number"),
        (BOMB, "entities"),
        (b'<!DOCTYPE coverage [<!ENTITY x SYSTEM "file:///etc/passwd">]><coverage>&x;</coverage>',
         "entities"),
        (b"{}", "it is a JSON object"),
        (b'{"meta": {}}', "files: Field required"),
        (b'{"files": {"a": {"executed_lines": ["x"], "missing_lines": []}}}', "files.a"),
        (b'{"files": {"a": {"executed_lines": [1e999], "missing_lines": []}}}', "files.a"),
        (b"[" * 100_000, "it is a JSON list"),
        (b'{"files":' * 100_000, "cannot be understood"),
        (b"<coverage>" * 100_000, "within each other"),
        (b"<coverage>" + b"<a/>" * 100_000, "ParseError"),
        (b"<coverage><sources>" + b"<source>/a</source>" * 201 + b"</sources></coverage>",
         "more than 200 source folders"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_clear_line(content: bytes, reason: str) -> None:
    """The error names the report and the reason, and is short."""
    with pytest.raises(InvalidInput, match=reason) as raised:
        read_coverage(content, "cover\nage.xml")

    assert "report cover age.xml" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600


def test_json_that_would_fill_the_memory_is_refused_unparsed() -> None:
    """Its values are counted by their commas."""
    with pytest.raises(InvalidInput, match="more than 8000000 values"):
        read_coverage(b'{"files":[' + b"1," * 8_000_001, "x")


def test_figures_may_be_absurd() -> None:
    """Whatever a line claims, the sum is a number that a summary can keep."""
    line = '<line number="{}" hits="9999999999" condition-coverage="1% (999999/999999)"/>'
    lines = "".join(line.format(number) for number in range(2_000))
    content = XML.format(f'<class filename="a"><lines>{lines}</lines></class>').encode()

    quality = read_coverage(content, "x").files["a"].quality()

    assert Count(1_999_998_000, 1_999_998_000) == quality.branch


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_anything_else_is_our_error(content: bytes) -> None:
    """A parser raises InvalidInput and nothing else, whatever it is given."""
    for start in (b"", b"<coverage>", b'{"files":', XML.partition("{")[0].encode()):
        with suppress(InvalidInput):
            read_coverage(start + content, "x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(JSON, JSON)
def test_any_json_is_read_or_refused(executed: object, missing: object) -> None:
    """Also when the right names hold the wrong things."""
    file = {"executed_lines": executed, "missing_lines": missing, "executed_branches": missing}
    with suppress(InvalidInput):
        read_coverage(json.dumps({"files": {"a": file}}).encode(), "x")
