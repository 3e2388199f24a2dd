"""JaCoCo's XML: https://www.jacoco.org/jacoco/trunk/coverage/report.dtd."""

from __future__ import annotations

from schemas.quality import Count
from tasks.quality.coverage.covered import Coverage, CoveredFile, count_of, line_of
from tasks.reports.report_xml import elements

NAME = "JaCoCo XML"


def is_mine(start: bytes) -> bool:
    """True for `<report>` with JaCoCo's parts, or its document type."""
    return b"<report" in start and any(
        sign in start for sign in (b"JACOCO", b"<sessioninfo", b"<package", b"<group", b"<counter")
    )


def read(content: bytes, name: str) -> Coverage:
    """A source file is named by its package's folder; a line ran if any instruction of it did."""
    coverage = Coverage()
    file = CoveredFile()
    package = ""
    for event, tags, element in elements(content, name):
        if event == "start" and tags[-1] == "package":
            package = element.attrib["name"].strip("/")
        elif event == "start" and tags[-1] == "sourcefile":
            file = coverage.file("/".join(filter(None, (package, element.attrib["name"]))))
        elif event == "end" and tags[-2:] == ("sourcefile", "line"):
            number = line_of(element.attrib["nr"])
            file.line(number, ran=count_of(element.get("ci") or "0") > 0)
            taken, missed = count_of(element.get("cb") or "0"), count_of(element.get("mb") or "0")
            if taken + missed:
                file.branch(number, Count(taken, taken + missed))
    return coverage
