"""Reads coverage reports, of any format that one of `READERS` knows."""

from __future__ import annotations

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
from tasks.reports.by_format import Reader, read_by_format
from tasks.reports.report_files import wrong
from tasks.reports.seen import Other

READERS: tuple[Reader[Coverage], ...] = (
    jacoco,
    clover,
    cobertura,
    opencover,
    lcov,
    go_profile,
    coverage_py,
)
"""Asked in this order; the first that says so reads the report."""

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
    kind, coverage = read_by_format(content, name, READERS, OTHERS)
    if not any(file.measured for file in coverage.files.values()):
        raise wrong(name, f"it is {kind}, but it measures no line of any file")
    return coverage
