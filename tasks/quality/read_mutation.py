"""Reads mutation reports, of any format that one of `READERS` knows."""

from __future__ import annotations

from tasks.quality.mutation import (
    infection,
    mutmut,
    mutmut_junit,
    mutmut_totals,
    pit,
    stryker,
)
from tasks.quality.mutation.mutants import Mutants
from tasks.reports.by_format import Reader, read_by_format
from tasks.reports.report_files import wrong
from tasks.reports.seen import Other

READERS: tuple[Reader[Mutants], ...] = (
    infection,
    mutmut_totals,
    stryker,
    pit,
    mutmut_junit,
    mutmut,
)
"""Asked in this order; the first that says so reads the report."""

OTHERS = (
    Other(b"mutation-test-report-app", "Stryker's page", "its JSON (reporter `json`)"),
    Other(b'"exit_code_by_key"', "mutmut 3's own data", "`mutmut results --all true`"),
    Other(b"To apply a mutant", "mutmut 2's `mutmut results`", "`mutmut junitxml`"),
    Other(b"org.pitest.mutationtest", "PIT's CSV", "its XML (`outputFormats`: XML)"),
    Other(b"<coverage", "a report of coverage", "it under `coverage`, not `mutation`"),
    Other(b"<CoverageSession", "a report of coverage", "it under `coverage`, not `mutation`"),
    Other(b"<report", "a report of coverage", "it under `coverage`, not `mutation`"),
    Other(b"SF:", "a report of coverage (lcov)", "it under `coverage`, not `mutation`"),
    Other(b'"outcomes"', "cargo-mutants' JSON", "one of those that are known"),
)


def read_mutation(content: bytes, name: str) -> Mutants:
    """Read a report of any format. Raises InvalidInput that names the report and the reason."""
    kind, mutants = read_by_format(content, name, READERS, OTHERS)
    if not mutants.files:
        raise wrong(name, f"it is {kind}, but tells the fate of no mutant")
    return mutants
