"""mutmut 2's `mutmut junitxml`."""

from __future__ import annotations

from tasks.quality.mutation.mutants import Mutants, Verdict
from tasks.reports.report_xml import elements

NAME = "mutmut 2's `mutmut junitxml`"

MESSAGES: dict[str, Verdict] = {
    "bad_survived": "missed",
    "bad_timeout": "found",
    "ok_suspicious": "found",
}
"""A mutant without one was killed."""


def is_mine(start: bytes) -> bool:
    """True for the results of tests, as which mutmut 2 writes them."""
    return start.startswith(b"<") and b"<testsuite" in start


def read(content: bytes, name: str) -> Mutants:
    """Each mutant is a test case, with the file that it changes."""
    mutants = Mutants()
    verdict: Verdict = None
    for event, tags, element in elements(content, name):
        if tags[-1] == "testcase":
            if event == "start":
                verdict = "found"
            elif "file" not in element.attrib:
                raise ValueError("its test cases name no file: is it a report of tests?")
            else:
                mutants.add((element.attrib["file"],), verdict)
        elif tags[-2:] == ("testcase", "skipped"):
            verdict = None
        elif tags[-2:] in (("testcase", "failure"), ("testcase", "error")):
            verdict = MESSAGES.get(element.get("message", ""), "missed")
    return mutants
