"""Mutation reports of each format, and formats that are not read."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.quality_target import SAMPLES
from schemas.errors import InvalidInput
from schemas.quality import Count
from tasks.quality.mutation.mutants import NO_FILE
from tasks.quality.read_mutation import READERS, read_mutation
from tasks.reports.report_files import TrackedFiles
from tasks.reports.seen import start_of

REPORTS = [
    "stryker.json",
    "mutmut-2-junit.xml",
    "mutmut-3-results.txt",
    "pit.xml",
    "infection.json",
]


def read(content: str | bytes) -> dict[tuple[str, ...], Count]:
    """The figures of a report."""
    raw = content.encode() if isinstance(content, str) else content
    return read_mutation(raw, "m").files


@pytest.mark.parametrize("name", REPORTS)
def test_one_reader_says_that_a_report_is_its_own(name: str) -> None:
    """And no other one."""
    start = start_of((SAMPLES / name).read_bytes())

    assert 1 == len([reader.NAME for reader in READERS if reader.is_mine(start)])


def test_pit() -> None:
    """A file is named by its package; one that could not be loaded says nothing."""
    figures = read((SAMPLES / "pit.xml").read_bytes())

    assert {("org/shop/Cart.java",): Count(2, 3), ("Mail.java",): Count(0, 1)} == figures
    tracked = TrackedFiles(["app/src/main/java/org/shop/Cart.java"])
    assert "app/src/main/java/org/shop/Cart.java" == tracked.find("org/shop/Cart.java")


def test_infection() -> None:
    """Its score is 4 of 7: an error counts as found, and what is only counted is of no file."""
    assert {
        ("/app/src/Cart.php",): Count(2, 3),
        ("/app/src/Mail.php",): Count(2, 2),
        NO_FILE: Count(0, 2),
    } == read((SAMPLES / "infection.json").read_bytes())


def test_infections_summary() -> None:
    """Without lists, all of it is of no file."""
    stats = json.loads((SAMPLES / "infection.json").read_bytes())["stats"]

    assert {NO_FILE: Count(4, 7)} == read(json.dumps({"stats": stats}))


def test_mutmuts_totals() -> None:
    """`mutmut export-cicd-stats` names no file."""
    totals = {"killed": 11, "survived": 9, "total": 27, "no_tests": 6, "skipped": 0,
              "suspicious": 0, "timeout": 1, "segfault": 0}  # fmt: skip

    assert {NO_FILE: Count(12, 27)} == read(json.dumps(totals))


@pytest.mark.parametrize(
    ("root", "path", "tracked"),
    [
        ("/home/ci/shop", "src/main/scala/Cart.scala", "src/main/scala/Cart.scala"),  # Stryker4s
        ("/home/ci/shop/src/Shop", "Cart.cs", "src/Shop/Cart.cs"),  # Stryker.NET
        ("C:\\agent\\shop\\src\\Shop", "C:\\agent\\shop\\src\\Shop\\Cart.cs", "src/Shop/Cart.cs"),
        ("", "src/cart.js", "src/cart.js"),  # StrykerJS
    ],
)
def test_stryker_of_every_language(root: str, path: str, tracked: str) -> None:
    """They share a schema, and name files in their own ways."""
    report = {"schemaVersion": "2", "thresholds": {"high": 80, "low": 60}, "projectRoot": root,
              "files": {path: {"language": "x", "source": "", "mutants": [
                  {"id": "1", "mutatorName": "m", "status": "Killed", "location": {}},
                  {"id": "2", "mutatorName": "m", "status": "NoCoverage", "location": {}},
              ]}}}  # fmt: skip
    mutants = read_mutation(b"\xef\xbb\xbf" + json.dumps(report).encode(), "m")
    ((names, count),) = mutants.files.items()

    assert Count(1, 2) == count
    assert tracked == TrackedFiles([tracked]).find(names[0], mutants.roots)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<html><script>mutation-test-report-app</script>", "Stryker's page: write its JSON"),
        ('{"exit_code_by_key": {"shop.cart.x_a__mutmut_1": 1}}', "mutmut 3's own data"),
        ("To apply a mutant on disk:\n    mutmut apply <id>\n", "mutmut junitxml"),
        ("Cart.java,org.shop.Cart,org.pitest.mutationtest.M,total,7,KILLED,t\n", "PIT's CSV"),
        ("SF:a\nDA:1,1\n", "under `coverage`"),
        ('<coverage line-rate="1">', "under `coverage`"),
        ('{"outcomes": []}', "cargo-mutants"),
        ("<html>", "a page"),
        ("<mutations><mutation status='KILLED'/></mutations>", "without a source file"),
        ("<mutations><mutation><sourceFile>A</sourceFile></mutation></mutations>",
         "PIT's XML, but 'status' is missing"),
        ("<mutations><mutation status='x'><sourceFile>A</sourceFile></mutation></mutations>",
         "unknown status 'x'"),
        ("<mutations/>", "PIT's XML, but tells the fate of no mutant"),
        ('{"stats": {"totalMutantsCount": 1}, "killed": [{}]}', "mutator: Field required"),
        ('{"stats": {"totalMutantsCount": 1, "killedCount": -1}}', "greater than or equal to 0"),
        ('{"stats": ["totalMutantsCount"], "totalMutantsCount": 1}', "not built as Infection"),
        ('{"killed": "many", "no_tests": 1, "survived": 1}', "killed: "),
        ("[]", "a JSON list"),
    ],
)  # fmt: skip
def test_an_error_names_the_format_that_it_saw(content: str, reason: str) -> None:
    """And what to write instead."""
    with pytest.raises(InvalidInput, match=reason) as raised:
        read(content)

    assert "report m" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize(
    "start",
    ["<mutations><mutation>", '{"stats": {"totalMutantsCount": 1}, ', '{"killed": 1, "no_tests": '],
)
@given(text=st.text(max_size=200))
def test_anything_else_is_our_error(start: str, text: str) -> None:
    """A parser raises InvalidInput and nothing else, whatever it is given."""
    with suppress(InvalidInput):
        read((start + text).encode("utf-8", "replace"))
