"""PIT's `mutations.xml`: https://pitest.org (`outputFormats`: XML)."""

from __future__ import annotations

from tasks.quality.mutation.mutants import Mutants, Verdict, verdict_of
from tasks.reports.report_xml import elements

NAME = "PIT's XML"

STATUSES: dict[str, Verdict] = {
    "KILLED": "found",
    "TIMED_OUT": "found",
    "MEMORY_ERROR": "found",
    "SURVIVED": "missed",
    "NO_COVERAGE": "missed",
    "NON_VIABLE": None,
    "RUN_ERROR": None,
    "NOT_STARTED": None,
    "STARTED": None,
}


def is_mine(start: bytes) -> bool:
    """True for `<mutations>`."""
    return start.startswith(b"<") and b"<mutations" in start


def read(content: bytes, name: str) -> Mutants:
    """A source file is named by the package of the class that was changed."""
    mutants = Mutants()
    source = changed = ""
    for event, tags, element in elements(content, name):
        if event != "end":
            continue
        if tags[-1] == "sourceFile":
            source = (element.text or "").strip()
        elif tags[-1] == "mutatedClass":
            changed = (element.text or "").strip()
        elif tags[-1] == "mutation":
            if not source:
                raise ValueError("it has a mutation without a source file")
            folder = changed.partition("$")[0].rpartition(".")[0].replace(".", "/")
            path = "/".join(filter(None, (folder, source)))
            mutants.add((path,), verdict_of(STATUSES, element.attrib["status"]))
            source = changed = ""
    return mutants
