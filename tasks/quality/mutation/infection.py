"""Infection's JSON (`logs.json`, and the totals of `logs.summaryJson`).

https://infection.github.io/guide/usage.html
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from tasks.quality.mutation.mutants import MOST_MUTANTS, NO_FILE, Mutants, Verdict
from tasks.reports.report_files import fields_of, refuse_many_values

NAME = "Infection's JSON"

GROUPS: dict[str, tuple[str, Verdict]] = {
    "killed": ("killedCount", "found"),
    "killedByStaticAnalysis": ("killedByStaticAnalysisCount", "found"),
    "timeouted": ("timeOutCount", "found"),
    "errored": ("errorCount", "found"),
    "escaped": ("escapedCount", "missed"),
    "uncovered": ("notCoveredCount", "missed"),
}
"""Each list, with its count in `stats`. As Infection does, an error counts as found: the tests
broke. Those with a syntax error, ignored or skipped say nothing."""


class _Mutator(BaseModel):
    path: str = Field(alias="originalFilePath")


class _Mutant(BaseModel):
    mutator: _Mutator


_LISTED = TypeAdapter(list[_Mutant])
_TOTAL = TypeAdapter(Annotated[int, Field(ge=0, le=MOST_MUTANTS)])


def is_mine(start: bytes) -> bool:
    """True for `stats` with Infection's count."""
    return start.startswith(b"{") and b'"stats"' in start and b'"totalMutantsCount"' in start


def read(content: bytes, name: str) -> Mutants:
    """What is counted in `stats`, but not listed, belongs to no file."""
    refuse_many_values(name, content)
    try:
        report = json.loads(content.decode("utf-8-sig"))
        return _mutants(report, report["stats"])
    except ValidationError as error:
        raise ValueError(fields_of(error)) from None
    except (RecursionError, TypeError, AttributeError):
        raise ValueError("it is not built as Infection builds it") from None


def _mutants(report: dict[str, Any], stats: dict[str, Any]) -> Mutants:
    mutants = Mutants()
    for group, (total, verdict) in GROUPS.items():
        listed = _LISTED.validate_python(report.get(group, []))
        for mutant in listed:
            mutants.add((mutant.mutator.path,), verdict)
        mutants.add(NO_FILE, verdict, _TOTAL.validate_python(stats.get(total, 0)) - len(listed))
    return mutants
