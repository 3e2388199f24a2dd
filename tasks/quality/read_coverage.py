"""Reads coverage reports, of any format that one of `READERS` knows."""

from __future__ import annotations

from typing import Protocol

from tasks.quality.coverage import (
    clover,
    cobertura,
    coverage_py,
    go_profile,
    jacoco,
    lcov,
    opencover,
)
from tasks.quality.coverage.covered import Coverage
from tasks.reports.report_files import wrong
from tasks.reports.seen import Other, seen_in, start_of


class Reader(Protocol):
    """A module that reads one format."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """The format, as a person calls it."""

    def is_mine(self, start: bytes) -> bool:
        """True when a report that begins so is of this format."""

    def read(self, content: bytes, name: str, /) -> Coverage:
        """The report. Raises ValueError, LookupError or InvalidInput that says what is wrong."""


READERS: tuple[Reader, ...] = (
    jacoco,
    clover,
    cobertura,
    opencover,
    lcov,
    go_profile,
    coverage_py,
)
"""Asked in this order; the first that says so reads the report."""
FORMATS = ", ".join(reader.NAME for reader in READERS)

OTHERS = (
    Other(b"lineToCover", "SonarQube's generic coverage", "lcov or Cobertura XML"),
    Other(b"<testsuite", "a report of tests (JUnit), not of coverage", "the coverage report"),
    Other(b"<mutations", "PIT's report of mutants", "it under `mutation`, not `coverage`"),
    Other(b'"statementMap"', "Istanbul's coverage-final.json", "lcov (`--reporter=lcovonly`)"),
    Other(b'"lines":{"total"', "Istanbul's coverage-summary.json", "lcov (`--reporter=lcovonly`)"),
    Other(b'"llvm.coverage', "LLVM's export", "lcov (`llvm-cov export -format=lcov`)"),
    Other(b'"gcovr/', "gcovr's JSON", "Cobertura XML (`gcovr --cobertura`)"),
    Other(b'"RSpec"', "SimpleCov's result set", "lcov (`simplecov-lcov`)"),
    Other(b'"mutants"', "a report of mutants", "it under `mutation`, not `coverage`"),
    Other(b"<CoverageDSPriv", "Visual Studio's coverage",
          "Cobertura XML (`dotnet-coverage -f cobertura`)"),
    Other(b"<Root CoveredStatements", "dotCover's XML", "Cobertura XML or OpenCover"),
    Other(b"SQLite format 3", "coverage.py's own data file", "XML or JSON (`coverage xml`)"),
)  # fmt: skip


def read_coverage(content: bytes, name: str) -> Coverage:
    """Read a report of any format. Raises InvalidInput that names the report and the reason."""
    reader = _reader(content, name)
    try:
        coverage = reader.read(content, name)
    except LookupError as error:
        raise wrong(name, f"it is {reader.NAME}, but {error} is missing somewhere") from None
    except ValueError as error:
        raise wrong(name, f"it is {reader.NAME}, but {error}") from None
    if not any(file.measured for file in coverage.files.values()):
        raise wrong(name, f"it is {reader.NAME}, but it measures no line of any file")
    return coverage


def _reader(content: bytes, name: str) -> Reader:
    start = start_of(content)
    for reader in READERS:
        if reader.is_mine(start):
            return reader
    raise wrong(name, f"it is {seen_in(content, OTHERS)}. Known are {FORMATS}")
