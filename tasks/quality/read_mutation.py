"""Reads mutation reports: Stryker's JSON schema, and the output of mutmut 2 and 3."""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from schemas.quality import Count
from tasks.reports.report_files import fields_of, refuse_many_values, shown, wrong
from tasks.reports.report_xml import elements

Verdict = Literal["found", "missed"] | None
"""The verdict on a mutant; None when it does not show anything about the tests."""

STRYKER: dict[str, Verdict] = {
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
MUTMUT: dict[str, Verdict] = {
    "killed": "found",
    "timeout": "found",
    "suspicious": "found",
    "segfault": "found",
    "caught by type check": "found",
    "survived": "missed",
    "no tests": "missed",
    "skipped": None,
    "not checked": None,
    "check was interrupted by user": None,
}
"""The statuses in `mutmut results --all true` (mutmut 3)."""
MUTMUT_2 = {"bad_survived": "missed", "bad_timeout": "found", "ok_suspicious": "found"}
"""The messages in `mutmut junitxml` (mutmut 2); a mutant without one was killed."""


class Mutants:
    """One report: killed and all mutants, by the possible names of their file.

    names: several, because a report may give a module instead of a file.
    """

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
        self.roots: list[str] = []

    def add(self, names: tuple[str, ...], verdict: str | None) -> None:
        """Add one mutant."""
        if verdict is not None:
            self._counts[names][0] += verdict == "found"
            self._counts[names][1] += 1

    @property
    def files(self) -> dict[tuple[str, ...], Count]:
        """The figures."""
        return {names: Count(good, total) for names, (good, total) in self._counts.items()}


def read_mutation(content: bytes, name: str) -> Mutants:
    """Read a report of any format. Raises InvalidInput that names the report and the reason."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        mutants = _stryker(content, name)
    elif start == b"<":
        mutants = _mutmut_2(content, name)
    else:
        mutants = _mutmut(content, name)
    if not mutants.files:
        raise wrong(name, "it tells the fate of no mutant")
    return mutants


class _Mutant(BaseModel):
    status: str


class _File(BaseModel):
    mutants: list[_Mutant]


class _Stryker(BaseModel):
    """https://github.com/stryker-mutator/mutation-testing-elements (the report's schema)."""

    files: dict[str, _File]
    project_root: str = Field(default="", alias="projectRoot")


def _stryker(content: bytes, name: str) -> Mutants:
    refuse_many_values(name, content)
    try:
        report = _Stryker.model_validate_json(content)
    except ValidationError as error:
        raise wrong(name, f"it is not a Stryker report: {fields_of(error)}") from None
    mutants = Mutants()
    mutants.roots.append(report.project_root)
    for path, file in report.files.items():
        for mutant in file.mutants:
            mutants.add((path,), _verdict(STRYKER, mutant.status, name))
    return mutants


def _mutmut_2(content: bytes, name: str) -> Mutants:
    mutants = Mutants()
    verdict: str | None = None
    try:
        for event, tags, element in elements(content, name):
            if event == "start" and len(tags) == 1 and tags[0] not in ("testsuites", "testsuite"):
                raise wrong(name, "it is XML, but not of `mutmut junitxml`")
            if tags[-1] == "testcase":
                if event == "start":
                    verdict = "found"
                else:
                    mutants.add((element.attrib["file"],), verdict)
            elif tags[-2:] == ("testcase", "skipped"):
                verdict = None
            elif tags[-2:] in (("testcase", "failure"), ("testcase", "error")):
                verdict = MUTMUT_2.get(element.get("message", ""), "missed")
    except (ValueError, LookupError) as error:
        raise wrong(name, f"{type(error).__name__}: {error}") from None
    return mutants


def _mutmut(content: bytes, name: str) -> Mutants:
    mutants = Mutants()
    killed = False
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise wrong(name, "it is not UTF-8 text") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        key, colon, status = line.strip().rpartition(": ")
        function, mark, mutant = key.rpartition("__mutmut_")
        module = function.rpartition(".")[0]
        if not (colon and mark and module and mutant.isdecimal()):
            raise wrong(
                name,
                f"line {number} is not of `mutmut results --all true`; nor is it a Stryker report"
                " (JSON) or `mutmut junitxml`",
            )
        killed = killed or status == "killed"
        path = module.replace(".", "/")
        names = (f"{path}.py", f"{path}/__init__.py")
        mutants.add(names, _verdict(MUTMUT, status, name))
    if mutants.files and not killed:
        raise wrong(name, "it has no killed mutant: write it with `mutmut results --all true`")
    return mutants


def _verdict(known: dict[str, Verdict], status: str, name: str) -> Verdict:
    if status not in known:
        raise wrong(name, f"it has a mutant of unknown status '{shown(status)}'")
    return known[status]
