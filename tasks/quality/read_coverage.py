"""Reads coverage reports: Cobertura XML, which most tools write, and coverage.py's JSON."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Annotated
from xml.etree.ElementTree import Element

from pydantic import BaseModel, Field, ValidationError

from schemas.quality import Count, FileQuality
from tasks.reports.report_files import fields_of, refuse_many_values, wrong
from tasks.reports.report_xml import elements

_CONDITIONS = re.compile(r"\((\d{1,6})/(\d{1,6})\)")
"""https://raw.githubusercontent.com/cobertura/web/master/htdocs/xml/coverage-04.dtd"""

MOST_FILES = 100_000
MOST_ROOTS = 200
"""The most source folders, as every file is looked up in each; a large report has dozens."""


class CoveredFile:
    """The lines and branches of one file; if reports disagree on a line, the better one counts."""

    def __init__(self) -> None:
        self.lines: dict[int, bool] = {}
        self.branches: dict[int, Count] = {}

    def line(self, number: int, *, ran: bool) -> None:
        """Add one line, and whether it ran."""
        self.lines[number] = ran or self.lines.get(number, False)

    def branch(self, line: int, count: Count) -> None:
        """Add the branches of one line: how many were taken."""
        known = self.branches.get(line, Count(0, 0))
        self.branches[line] = Count(max(known.good, count.good), max(known.total, count.total))

    def merge(self, other: CoveredFile) -> None:
        """Add another report's data."""
        for number, ran in other.lines.items():
            self.line(number, ran=ran)
        for number, count in other.branches.items():
            self.branch(number, count)

    def quality(self) -> FileQuality:
        """The figures."""
        branches = self.branches.values()
        return FileQuality(
            line=Count(sum(self.lines.values()), len(self.lines)),
            branch=Count(sum(b.good for b in branches), sum(b.total for b in branches))
            if branches
            else None,
        )


class Coverage:
    """One report: its files by their names in it, and the folders that these are relative to."""

    def __init__(self) -> None:
        self.files: defaultdict[str, CoveredFile] = defaultdict(CoveredFile)
        self.roots: list[str] = []


def read_coverage(content: bytes, name: str) -> Coverage:
    """Read a report of either format. Raises InvalidInput that names the report and the reason."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        coverage = _cobertura(content, name)
    elif start == b"{":
        coverage = _coverage_py(content, name)
    else:
        raise wrong(name, "it is neither Cobertura XML nor coverage.py's JSON")
    if not any(file.lines for file in coverage.files.values()):
        raise wrong(name, "it measures no line of any file")
    return coverage


def _cobertura(content: bytes, name: str) -> Coverage:
    """A file may have several classes. Lines in `methods` are repeated in the class's lines."""
    coverage = Coverage()
    file = CoveredFile()
    try:
        for event, tags, element in elements(content, name):
            if event == "start" and len(tags) == 1 and tags[0] != "coverage":
                raise wrong(name, "it is XML, but not Cobertura's")
            if event == "end" and tags[-1] == "source":
                coverage.roots.append((element.text or "").strip())
                if len(coverage.roots) > MOST_ROOTS:
                    raise wrong(name, f"it has more than {MOST_ROOTS} source folders")
            elif event == "start" and tags[-1] == "class":
                file = coverage.files[element.attrib["filename"]]
                if len(coverage.files) > MOST_FILES:
                    raise wrong(name, f"it has more than {MOST_FILES} files")
            elif event == "end" and tags[-3:] == ("class", "lines", "line"):
                _line(element, file)
    except (ValueError, LookupError) as error:
        raise wrong(name, f"{type(error).__name__}: {error}") from None
    return coverage


def _line(element: Element, file: CoveredFile) -> None:
    number = int(element.attrib["number"])
    file.line(number, ran=int(element.attrib["hits"]) > 0)
    conditions = _CONDITIONS.search(element.get("condition-coverage", ""))
    if conditions:
        good, total = int(conditions[1]), int(conditions[2])
        file.branch(number, Count(min(good, total), total))


_Line = Annotated[int, Field(ge=-(10**7), le=10**7)]
"""coverage.py writes the exit of a block as the negative number of its first line."""

_Lines = Annotated[list[_Line], Field(max_length=1_000_000)]
_Branches = Annotated[list[tuple[_Line, _Line]], Field(max_length=1_000_000)]


class _Summary(BaseModel):
    covered_branches: Annotated[int, Field(ge=0, le=10**7)] = 0
    num_branches: Annotated[int, Field(ge=0, le=10**7)] = 0


class _File(BaseModel):
    executed_lines: _Lines
    missing_lines: _Lines
    executed_branches: _Branches | None = None
    missing_branches: _Branches | None = None
    summary: _Summary = _Summary()


class _Json(BaseModel):
    """The output of `coverage json`."""

    files: dict[str, _File]


def _coverage_py(content: bytes, name: str) -> Coverage:
    refuse_many_values(name, content)
    try:
        report = _Json.model_validate_json(content)
    except ValidationError as error:
        raise wrong(name, fields_of(error)) from None
    coverage = Coverage()
    if len(report.files) > MOST_FILES:
        raise wrong(name, f"it has more than {MOST_FILES} files")
    for path, found in report.files.items():
        file = coverage.files[path]
        for number in found.missing_lines:
            file.line(number, ran=False)
        for number in found.executed_lines:
            file.line(number, ran=True)
        _branches(found, file)
    return coverage


def _branches(found: _File, file: CoveredFile) -> None:
    if found.executed_branches is None or found.missing_branches is None:
        summary = found.summary  # older versions only have the counts
        if summary.num_branches:
            total = summary.num_branches
            file.branch(0, Count(min(summary.covered_branches, total), total))
        return
    counts: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for taken, branches in ((1, found.executed_branches), (0, found.missing_branches)):
        for start, _end in branches:
            counts[start][0] += taken
            counts[start][1] += 1
    for line, (good, total) in counts.items():
        file.branch(line, Count(good, total))
