"""Cobertura XML, which most tools can write.

https://raw.githubusercontent.com/cobertura/web/master/htdocs/xml/coverage-04.dtd
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from tasks.quality.coverage.covered import Coverage, CoveredFile, branches_of, line_of, ran
from tasks.reports.report_xml import elements

NAME = "Cobertura XML"


def is_mine(start: bytes) -> bool:
    """True for `<coverage>` with what Cobertura has in it, or with nothing at all."""
    return b"<coverage" in start and (
        any(sign in start for sign in (b"line-rate", b"<packages", b"<sources", b"<class"))
        or not any(sign in start for sign in (b"<project", b"<file", b"lineToCover"))
    )


def read(content: bytes, name: str) -> Coverage:
    """A file may have several classes. Lines in `methods` are repeated in the class's lines."""
    coverage = Coverage()
    file = CoveredFile()
    for event, tags, element in elements(content, name):
        if event == "end" and tags[-1] == "source":
            coverage.root((element.text or "").strip())
        elif event == "start" and tags[-1] == "class":
            file = coverage.file(element.attrib["filename"])
        elif event == "end" and tags[-3:] == ("class", "lines", "line"):
            _line(element, file)
    return coverage


def _line(element: Element, file: CoveredFile) -> None:
    number = line_of(element.attrib["number"])
    file.line(number, ran=ran(element.attrib["hits"]))
    branches = branches_of(element.get("condition-coverage", ""))
    if branches:
        file.branch(number, branches)
