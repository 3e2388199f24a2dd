"""OpenCover's XML, which coverlet and AltCover write as well.

https://github.com/OpenCover/opencover/wiki/Reports
"""

from __future__ import annotations

from collections import defaultdict
from xml.etree.ElementTree import Element

from schemas.quality import Count
from tasks.quality.coverage.covered import LAST_LINE, Coverage, CoveredFile, line_of, ran
from tasks.reports.report_xml import elements

NAME = "OpenCover XML"
HIDDEN = 0xFEEFEE
"""The line of code that the compiler made."""


def is_mine(start: bytes) -> bool:
    """True for `<CoverageSession>`."""
    return b"<CoverageSession" in start


def read(content: bytes, name: str) -> Coverage:
    """Files have numbers; a point without one is in the file of its method."""
    coverage = Coverage()
    names: dict[str, str] = {}
    of_method = ""
    branches: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for event, tags, element in elements(content, name):
        if event != "start":
            continue
        if tags[-1] == "File":
            names[element.attrib["uid"]] = element.attrib["fullPath"]
        elif tags[-1] == "Method":
            of_method = ""
        elif tags[-1] == "FileRef":
            of_method = element.attrib["uid"]
        elif tags[-1] in ("SequencePoint", "BranchPoint"):
            path, line = names.get(element.get("fileid") or of_method), _line(element)
            if path is None or line is None:
                continue
            if tags[-1] == "SequencePoint":
                coverage.file(path).line(line, ran=ran(element.attrib["vc"]))
            else:
                branches[path, line][0] += ran(element.attrib["vc"])
                branches[path, line][1] += 1
    _add(branches, coverage)
    return coverage


def _add(branches: dict[tuple[str, int], list[int]], coverage: Coverage) -> None:
    for (path, line), (good, total) in branches.items():
        file: CoveredFile = coverage.file(path)
        file.branch(line, Count(good, total))


def _line(element: Element) -> int | None:
    """The line where a point begins; None for one that is in no source."""
    line = line_of(element.get("sl") or str(HIDDEN))
    return line if 0 < line < LAST_LINE and line != HIDDEN else None
