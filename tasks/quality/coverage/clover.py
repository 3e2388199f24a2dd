"""Clover XML: of OpenClover, PHPUnit, Istanbul (`clover` reporter) and others.

Branches are counted by file: OpenClover and Istanbul mean different things by a line's
`truecount` and `falsecount`, and the same by `conditionals`.
https://openclover.org/doc/manual/latest/ant--clover-report.html
"""

from __future__ import annotations

from schemas.quality import Count
from tasks.quality.coverage.covered import Coverage, CoveredFile, count_of, line_of, ran
from tasks.reports.report_xml import elements

NAME = "Clover XML"
_WHOLE_FILE = 0


def is_mine(start: bytes) -> bool:
    """True for `<coverage>` with a `<project>`."""
    return b"<coverage" in start and b"<project" in start


def read(content: bytes, name: str) -> Coverage:
    """Lines of type `method` are declarations, which no tool counts as covered lines."""
    coverage = Coverage()
    file = CoveredFile()
    for event, tags, element in elements(content, name):
        if "testproject" in tags:  # the tests themselves, which always run
            continue
        if event == "start" and tags[-1] == "file":
            # PHPUnit has the path in `name`, the others only the last part of it.
            file = coverage.file(element.get("path") or element.attrib["name"])
        elif event == "end" and tags[-2:] == ("file", "line"):
            if element.get("type") != "method":
                file.line(line_of(element.attrib["num"]), ran=ran(element.get("count") or "0"))
        elif event == "end" and tags[-2:] == ("file", "metrics"):
            total = count_of(element.get("conditionals") or "0")
            good = count_of(element.get("coveredconditionals") or "0")
            if total:
                file.branch(_WHOLE_FILE, Count(min(good, total), total))
    return coverage
