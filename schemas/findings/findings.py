"""The findings of a scan, and their place in an alert's details."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.errors import InvalidInput
from schemas.findings.finding import Finding
from schemas.model import Model

MOST_FINDINGS = 500
"""How many findings of a scan are kept, the worst ones; nobody reads more."""

MOST_DISTINCT = 50_000
"""A report with more distinct findings is refused: it would be of no use to anybody."""

FINDINGS, LEFT_OUT, NOT_CHECKED, PATCH = "findings", "findingsLeftOut", "notChecked", "patch"
INCOMPLETE = "scanIncomplete"
"""The names in an alert's `details`."""

LONGEST = {
    "title": 500, "path": 1000, "place": 1000, "manifest": 1000, "name": 300, "tool": 100,
    "ecosystem": 50,
}  # fmt: skip
SHORTEST_LIMIT = 200
"""The maximum lengths in `Finding` and `Package`; this one for ids and versions."""

ToolName = Annotated[str, StringConstraints(max_length=100)]
LONGEST_FAILURE = 300
Failure = Annotated[str, StringConstraints(max_length=LONGEST_FAILURE)]
MOST_FAILURES = 10
Failures = Annotated[tuple[Failure, ...], Field(max_length=MOST_FAILURES)]
Count = Annotated[int, Field(ge=0)]
Key = tuple[str | int | None, ...]


class Findings(Model):
    """The findings of one scan, or of several; worst first.

    left_out: how many more there were. not_checked: dependencies that the scanner skipped.
    incomplete: what the scanner says went wrong; there may be more than it found.
    """

    tools: tuple[ToolName, ...]
    findings: tuple[Finding, ...] = ()
    left_out: Count = 0
    not_checked: Count = 0
    incomplete: Failures = ()

    @property
    def total(self) -> int:
        """How many there are, including those left out."""
        return len(self.findings) + self.left_out

    @property
    def worst(self) -> Finding | None:
        """The worst finding."""
        return self.findings[0] if self.findings else None

    @property
    def sentence(self) -> str:
        """`12 findings by trivy: 2 P1, 10 P3; worst CVE-… in requests 2.31.0, fixed in …`."""
        by = ", ".join(self.tools) or "an unknown scanner"
        said = [f"{self.total or 'no'} finding{'' if self.total == 1 else 's'} by {by}"]
        if self.worst:
            counts = sorted(Counter(each.severity for each in self.findings).items())
            said[0] += f", the {len(self.findings)} worst: " if self.left_out else ": "
            said[0] += ", ".join(f"{count} {severity}" for severity, count in counts)
            said.append("worst " + _in_words(self.worst))
        if self.left_out:
            said.append(f"{self.left_out} are left out")
        if self.not_checked:
            said.append(f"{self.not_checked} dependencies could not be checked")
        if self.incomplete:
            said.append(f"the scan was not complete: {self.incomplete[0]}")
        return "; ".join(said)

    def cut(self, most: int) -> Findings:
        """The worst findings, at most this many."""
        more = max(0, len(self.findings) - most)
        update = {"findings": self.findings[:most], "left_out": self.left_out + more}
        return self.model_copy(update=update) if more else self


def _in_words(finding: Finding) -> str:
    words = finding.id + (f" in {finding.where}" if finding.where else "")
    if finding.package and finding.package.fixed:
        words += ", fixed in " + ", ".join(finding.package.fixed[:3])
    elif finding.package:
        words += ", no fixed version known"
    return words


def collect(found: Iterable[Finding], tools: Iterable[str], *, not_checked: int = 0) -> Findings:
    """The findings without duplicates, worst first, at most MOST_FINDINGS.

    The same advisory under several ids (CVE, GHSA, PYSEC) for the same package is one finding,
    as severe as the worst of them. Raises InvalidInput for more than MOST_DISTINCT.
    """
    distinct: dict[int, Finding] = {}
    place: dict[Key, int] = {}
    for number, each in enumerate(found):
        joined = each
        known = sorted({place[key] for key in _keys(each) if key in place}, reverse=True)
        for other in known:  # an advisory may connect two that were separate until now
            joined = _join(distinct.pop(other), joined)
        first = known[-1] if known else number
        distinct[first] = joined
        if len(distinct) > MOST_DISTINCT:
            raise InvalidInput(f"more than {MOST_DISTINCT} findings; split the report")
        place.update(dict.fromkeys(_keys(joined), first))
    ordered = sorted(distinct.items(), key=lambda each: (each[1].severity, each[0]))
    return Findings(
        tools=tuple(sorted(set(tools))),
        findings=tuple(finding for _, finding in ordered),
        not_checked=not_checked,
    ).cut(MOST_FINDINGS)


def _keys(finding: Finding) -> Iterable[Key]:
    package = finding.package
    if package is None:
        where = finding.path or finding.place
        yield ("code", finding.tool, finding.id, where, finding.line, finding.title)
        return
    for name in (finding.id, *finding.aliases):
        yield (
            name.lower(),
            package.ecosystem,
            package.name.lower(),
            package.installed,
            package.manifest,
        )


def _join(one: Finding, other: Finding) -> Finding:
    """Merge two findings of the same problem."""
    if one.package is None or other.package is None:
        return one
    ids = dict.fromkeys((*one.aliases, other.id, *other.aliases))
    fixed = tuple(dict.fromkeys((*one.package.fixed, *other.package.fixed)))[:100]
    return one.model_copy(
        update={
            "severity": min(one.severity, other.severity),
            "title": one.title or other.title,
            "aliases": tuple(each for each in ids if each != one.id)[:100],
            "package": one.package.model_copy(update={"fixed": fixed}),
        }
    )


def join(scans: Iterable[Findings]) -> Findings:
    """Merge several scans."""
    scans = list(scans)
    whole = collect(
        (finding for scan in scans for finding in scan.findings),
        (tool for scan in scans for tool in scan.tools),
        not_checked=sum(scan.not_checked for scan in scans),
    )
    left_out = whole.left_out + sum(scan.left_out for scan in scans)
    failures = dict.fromkeys(each for scan in scans for each in scan.incomplete)
    return whole.model_copy(
        update={"left_out": left_out, "incomplete": tuple(failures)[:MOST_FAILURES]}
    )
