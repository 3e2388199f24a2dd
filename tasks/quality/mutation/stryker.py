"""Stryker's JSON: StrykerJS, Stryker.NET, Stryker4s and all that write its schema.

https://github.com/stryker-mutator/mutation-testing-elements (the report's schema)
"""

from __future__ import annotations

from pydantic import BaseModel, Field, ValidationError

from tasks.quality.mutation.mutants import Mutants, Verdict, verdict_of
from tasks.reports.report_files import fields_of, refuse_many_values

NAME = "Stryker's JSON"

STATUSES: dict[str, Verdict] = {
    "Killed": "found",
    "Timeout": "found",
    "Survived": "missed",
    "NoCoverage": "missed",
    "CompileError": None,
    "RuntimeError": None,
    "Ignored": None,
    "Pending": None,
}
"""https://stryker-mutator.io/docs/mutation-testing-elements/mutant-states-and-metrics/"""


class _Mutant(BaseModel):
    status: str


class _File(BaseModel):
    mutants: list[_Mutant]


class _Report(BaseModel):
    files: dict[str, _File]
    project_root: str | None = Field(default=None, alias="projectRoot")


def is_mine(start: bytes) -> bool:
    """True for an object of JSON with `files`, in whatever order."""
    return start.startswith(b"{") and any(
        name in start for name in (b'"files"', b'"schemaVersion"', b'"mutants"')
    )


def read(content: bytes, name: str) -> Mutants:
    """Files are relative to the project's folder; Stryker.NET may name them whole."""
    refuse_many_values(name, content)
    try:
        report = _Report.model_validate_json(content.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise ValueError(f"not built as one: {fields_of(error)}") from None
    mutants = Mutants()
    mutants.roots.append(report.project_root or "")
    for path, file in report.files.items():
        for mutant in file.mutants:
            mutants.add((path,), verdict_of(STATUSES, mutant.status))
    return mutants
