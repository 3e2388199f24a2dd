"""coverage.py's JSON (`coverage json`)."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from schemas.quality import Count
from tasks.quality.coverage.covered import Coverage, CoveredFile
from tasks.reports.report_files import fields_of, refuse_many_values, wrong

NAME = "coverage.py's JSON"
_START = re.compile(rb'\{\s*"(?:meta|files|totals)"')

_Line = Annotated[int, Field(ge=-(10**7), le=10**7)]
"""A branch that leaves a function is named by minus the number of its first line."""

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


def is_mine(start: bytes) -> bool:
    """True for an object that begins as `coverage json` begins it."""
    return bool(_START.match(start)) and b'"mutants"' not in start


def read(content: bytes, name: str) -> Coverage:
    """Raises InvalidInput that names each wrong field."""
    refuse_many_values(name, content)
    try:
        report = _Json.model_validate_json(content)
    except ValidationError as error:
        raise wrong(name, f"as {NAME}: {fields_of(error)}") from None
    coverage = Coverage()
    for path, found in report.files.items():
        file = coverage.file(path)
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
