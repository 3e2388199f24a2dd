"""mutmut 3's `mutmut export-cicd-stats`: totals only, of no file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from tasks.quality.mutation.mutants import MOST_MUTANTS, NO_FILE, Mutants, Verdict
from tasks.reports.report_files import fields_of

NAME = "mutmut 3's `mutmut export-cicd-stats`"

VERDICTS: dict[str, Verdict] = {
    "killed": "found",
    "timeout": "found",
    "suspicious": "found",
    "segfault": "found",
    "survived": "missed",
    "no_tests": "missed",
}

_Total = Annotated[int, Field(ge=0, le=MOST_MUTANTS)]


class _Totals(BaseModel):
    killed: _Total
    survived: _Total
    timeout: _Total = 0
    suspicious: _Total = 0
    segfault: _Total = 0
    no_tests: _Total = 0


def is_mine(start: bytes) -> bool:
    """True for its short object of JSON."""
    return start.startswith(b"{") and b'"killed"' in start and b'"no_tests"' in start


def read(content: bytes, _name: str) -> Mutants:
    """They count in the totals, and belong to no file."""
    try:
        totals = _Totals.model_validate_json(content.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise ValueError(f"it cannot be: {fields_of(error)}") from None
    mutants = Mutants()
    for status, count in totals:
        mutants.add(NO_FILE, VERDICTS[status], count)
    return mutants
