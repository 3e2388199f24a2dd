"""Findings as values: duplicates, the sentence, and how they travel with an alert."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import InvalidInput
from schemas.findings import (
    Finding,
    Findings,
    Package,
    alert_data,
    check_details,
    collect,
    findings_of,
    join,
    patch_of,
    scan_of,
)
from schemas.incident import Alert, Severity
from tasks.incident.open_incident import parse_alert

REQUESTS = Package(name="requests", ecosystem="pypi", installed="2.25.0", fixed=("2.32.0",))


def vulnerability(name: str, *aliases: str, severity: str = "P3", **changes: Any) -> Finding:
    """A finding in requests."""
    given = {"package": REQUESTS, "tool": "pip-audit"} | changes
    return Finding(id=name, aliases=aliases, severity=Severity(severity), **given)


def names(*found: Finding) -> list[tuple[str, tuple[str, ...]]]:
    """Ids and aliases of what is left."""
    return [(each.id, each.aliases) for each in collect(found, ["x"]).findings]


def test_an_advisory_with_several_names_is_one_finding() -> None:
    """As severe as the worst, with every name and fixed version."""
    newer = REQUESTS.model_copy(update={"fixed": ("2.33.0",)})
    (found,) = collect(
        [
            vulnerability("CVE-1", "GHSA-1"),
            vulnerability("PYSEC-1", "cve-1", severity="P1", package=newer),
        ],
        ["x"],
    ).findings

    assert ("CVE-1", ("GHSA-1", "PYSEC-1", "cve-1"), Severity.P1) == (
        found.id,
        found.aliases,
        found.severity,
    )
    assert ("2.32.0", "2.33.0") == (found.package or REQUESTS).fixed


def test_one_that_connects_two() -> None:
    """Two seemed apart until a third gave both names."""
    assert [("CVE-1", ("GHSA-1", "PYSEC-1"))] == names(
        vulnerability("CVE-1"), vulnerability("GHSA-1"), vulnerability("PYSEC-1", "CVE-1", "GHSA-1")
    )


def test_what_is_apart_stays_apart() -> None:
    """Another package, another version, another file, another line."""
    other = REQUESTS.model_copy(update={"installed": "2.26.0"})
    code: dict[str, Any] = {"package": None, "path": "a.py"}
    found = [
        vulnerability("CVE-1"),
        vulnerability("CVE-1", package=other),
        vulnerability("CVE-1", package=REQUESTS.model_copy(update={"manifest": "dev.txt"})),
        vulnerability("B602", line=1, **code),
        vulnerability("B602", line=2, **code),
    ]

    assert 5 == len(names(*found)) == len(names(*found, *found))


def test_the_worst_comes_first() -> None:
    """Among equals, in the order of the report."""
    found = [vulnerability(f"C{n}", severity=s) for n, s in enumerate(["P3", "P1", "P3", "P2"])]

    assert ["C1", "C3", "C0", "C2"] == [name for name, _ in names(*found)]


def test_the_sentence() -> None:
    """How many, by whom, how bad, and what to do about the worst."""
    found = [vulnerability("CVE-1", severity="P1"), vulnerability("CVE-2"), vulnerability("CVE-3")]
    code = vulnerability("B602", package=None, path="a.py", line=3)
    no_fix = vulnerability("CVE-1", package=Package(name="a", ecosystem="npm"))

    assert (
        "3 findings by trivy: 1 P1, 2 P3; worst CVE-1 in requests 2.25.0, fixed in 2.32.0"
        == collect(found, ["trivy"]).sentence
    )
    assert "1 finding by a, b: 1 P3; worst B602 in a.py:3" == collect([code], "ab").sentence
    assert collect([no_fix], ["x"]).sentence.endswith("worst CVE-1 in a, no fixed version known")
    assert "no findings by x" == collect([], ["x"]).sentence


def test_several_scans_are_one() -> None:
    """With what each left out."""
    one = Findings(tools=("a",), findings=(vulnerability("C1"),), left_out=2, not_checked=1)
    other = Findings(tools=("b",), findings=(vulnerability("C1"), vulnerability("C2")))
    whole = join([one, other])

    assert (("a", "b"), 2, 2, 1) == (
        whole.tools,
        len(whole.findings),
        whole.left_out,
        whole.not_checked,
    )


def test_findings_travel_with_an_alert() -> None:
    """There and back; one incident for each service and scanner."""
    scan = collect([vulnerability("CVE-1", severity="P1")], ["pip-audit"], not_checked=3).cut(1)
    data = alert_data(scan, " shop ", source="cli")
    alert = parse_alert(data)

    assert ("security", "P1", "shop", scan.sentence, "findings:shop:pip-audit") == (
        alert.type,
        alert.severity,
        alert.service,
        alert.description,
        alert.dedup_key,
    )
    assert scan.findings == findings_of(alert)
    assert scan == scan_of(alert)
    assert patch_of(alert) is None


def test_an_alert_without_findings_has_none() -> None:
    """Absent, null, or another kind of alert."""
    for details in ({}, {"findings": None, "patch": None}, {"other": 1}):
        alert = parse_alert({"type": "drift", "details": details})

        assert ((), None) == (findings_of(alert), patch_of(alert))


def test_a_text_that_masking_made_longer_is_cut() -> None:
    """What was taken in can always be read again."""
    long = {"id": "i" * 201, "tool": "t" * 101, "severity": "P1", "title": "t" * 501,
            "aliases": ["a" * 201], "path": "p" * 1001,
            "package": {"name": "n" * 301, "ecosystem": "e" * 51, "installed": "v" * 201,
                        "fixed": ["f" * 201], "manifest": "m" * 1001}}  # fmt: skip
    (found,) = findings_of(Alert.model_validate({"type": "drift", "details": {"findings": [long]}}))

    assert (200, 100, 500, 200, 1000) == (
        len(found.id),
        len(found.tool),
        len(found.title),
        len(found.aliases[0]),
        len(found.path or ""),
    )


GOOD = {"id": "C", "tool": "t", "severity": "P1"}


@pytest.mark.parametrize(
    ("details", "named"),
    [
        ({"findings": "many"}, "details.findings: "),
        ({"findings": [GOOD, {**GOOD, "severity": "P9"}]}, "details.findings.1.severity: "),
        ({"findings": [{**GOOD, "line": 4111111111111111}]}, "details.findings.0.line: "),
        ({"findings": [{**GOOD, "line": 0}]}, "details.findings.0.line: "),
        ({"findings": [{**GOOD, "package": {"name": "a"}}]}, "package.ecosystem: "),
        ({"findings": [{**GOOD, "id": "i" * 201}]}, "details.findings.0.id: "),
        ({"findings": [GOOD] * 501}, "details.findings: "),
        ({"findings": [{**GOOD, "secret": "hunter2"}]}, "details.findings.0.secret: "),
        ({"patch": ["diff"]}, "details.patch: "),
        ({"findingsLeftOut": -1}, "details.findingsLeftOut: "),
    ],
)
def test_what_a_sender_made_up_must_be_right(details: dict[str, Any], named: str) -> None:
    """The field is named, and no value repeated."""
    with pytest.raises(InvalidInput) as raised:
        check_details(Alert.model_validate({"type": "security", "details": details}))

    assert named in str(raised.value)
    assert "hunter2" not in str(raised.value)
