"""SARIF in all its ways to say a thing: rules, levels, messages, places, suppressions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.findings import Finding
from schemas.incident import Severity
from tasks.findings.read_findings import read_findings

PLACE = {"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 3}}}


def run(*results: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A run of a scanner with two rules and an extension."""
    driver = {
        "name": "Scan",
        "rules": [
            {
                "id": "R1",
                "name": "first",
                "shortDescription": {"text": "The first"},
                "defaultConfiguration": {"level": "error"},
                "messageStrings": {"m": {"text": "{0} calls {{{1}}} and {9}, see [it](1)"}},
            },
            {"id": "R2", "properties": {"security-severity": "9.8", "tags": None}},
        ],
        "globalMessageStrings": {"g": {"text": "for all"}},
    }
    extensions = [{"name": "pack", "rules": [{"id": "E1", "name": "of the extension"}]}]
    return {
        "tool": {"driver": driver, "extensions": extensions},
        "results": [{"message": {"text": "words"}, "locations": [PLACE], **r} for r in results],
    } | changes


def findings(*runs: dict[str, Any]) -> tuple[Finding, ...]:
    """What is read of these runs."""
    report = {"version": "2.1.0", "runs": list(runs)}
    return read_findings(json.dumps(report).encode(), "r.sarif").findings


def finding(result: dict[str, Any], **changes: Any) -> Finding:
    """What is read of one result."""
    (found,) = findings(run(result, **changes))
    return found


@pytest.mark.parametrize(
    ("result", "rule", "severity"),
    [
        ({"ruleId": "R1"}, "R1", "P2"),
        ({"ruleIndex": 0}, "R1", "P2"),
        ({"ruleId": "R1/part"}, "R1/part", "P2"),
        ({"ruleId": "R1", "level": "note"}, "R1", "P4"),
        ({"ruleId": "R1", "kind": "review"}, "R1", "P4"),
        ({"ruleId": "R2", "level": "note"}, "R2", "P1"),
        ({"ruleId": "R2", "ruleIndex": 0}, "R2", "P1"),
        ({"rule": {"id": "R2"}}, "R2", "P1"),
        ({"rule": {"index": 0, "toolComponent": {"index": 0}}}, "E1", "P3"),
        ({"ruleId": "?"}, "?", "P3"),
        ({"ruleIndex": 99}, "unnamed", "P3"),
        ({"ruleId": "?", "level": "none"}, "?", "P4"),
        ({"ruleId": "?", "level": "loud"}, "?", "P3"),
        ({"ruleId": "?", "properties": {"security-severity": 7.0}}, "?", "P2"),
        ({"ruleId": "?", "properties": {"security-severity": "1e999"}}, "?", "P3"),
        ({"ruleId": "?", "properties": {"security-severity": [9]}}, "?", "P3"),
    ],
)
def test_rule_and_severity(result: dict[str, Any], rule: str, severity: str) -> None:
    """The score first, then the level of the result, of the rule, and `warning`."""
    found = finding(result)

    assert (rule, Severity(severity)) == (found.id, found.severity)


@pytest.mark.parametrize(
    "result",
    [
        {"kind": "pass"},
        {"kind": "notApplicable"},
        {"kind": "informational"},
        {"baselineState": "absent"},
        {"suppressions": [{"kind": "inSource"}]},
        {"suppressions": [{"kind": "external", "status": "accepted"}]},
    ],
)
def test_what_is_no_finding(result: dict[str, Any]) -> None:
    """Passed, gone, or suppressed by a person."""
    assert () == findings(run(result))


@pytest.mark.parametrize(
    "result",
    [
        {"baselineState": "unchanged"},
        {"baselineState": "new"},
        {"suppressions": []},
        {"suppressions": None},
        {"suppressions": [{"kind": "external", "status": "rejected"}]},
        {"suppressions": [{"kind": "inSource"}, {"kind": "external", "status": "underReview"}]},
    ],
)
def test_what_still_is_one(result: dict[str, Any]) -> None:
    """Known before, or a suppression that nobody accepted."""
    assert 1 == len(findings(run(result)))


@pytest.mark.parametrize(
    ("result", "title"),
    [
        ({}, "words"),
        ({"message": {"text": " two\nlines "}}, "two lines"),
        (
            {"ruleId": "R1", "message": {"id": "m", "arguments": ["a", "b"]}},
            "a calls {b} and {9}, see it",
        ),
        ({"message": {"id": "g"}}, "for all"),
        ({"ruleId": "R1", "message": {"id": "none"}}, "The first"),
        ({"rule": {"id": "E1"}, "message": {}}, "of the extension"),
        ({"ruleId": "R1", "message": {"text": "the password 'hunter2'"}}, "The first"),
        ({"ruleId": "hardcoded-api-key", "message": {"text": "hunter2"}}, ""),
    ],
)
def test_the_title(result: dict[str, Any], title: str) -> None:
    """The message; where it may quote a secret, what the rule says."""
    assert title == finding(result).title


def place(**artifact: Any) -> dict[str, Any]:
    """A result at this place."""
    region = {"startLine": 7}
    return {"locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]}


BASES = {
    "SRCROOT": {"uri": "file:///home/ci/shop/"},
    "PKG": {"uri": "packages/web/", "uriBaseId": "SRCROOT"},
    "LOOP": {"uri": "x/", "uriBaseId": "LOOP"},
    "UP": {"uri": "../../"},
}


@pytest.mark.parametrize(
    ("artifact", "path"),
    [
        ({"uri": "src/a.py"}, "src/a.py"),
        ({"uri": "src/a.py", "uriBaseId": "SRCROOT"}, "src/a.py"),
        ({"uri": "src/a.py", "uriBaseId": "%SRCROOT%"}, "src/a.py"),
        ({"uri": "a.js", "uriBaseId": "PKG"}, "packages/web/a.js"),
        ({"uri": "file:///home/ci/shop/src/a.py"}, "src/a.py"),
        ({"uri": "file:///usr/lib/a.py"}, "/usr/lib/a.py"),
        ({"index": 0}, "of/artifacts.py"),
        ({"index": 7}, None),
        ({"uri": "a.js", "uriBaseId": "LOOP"}, None),
        ({"uri": "a.js", "uriBaseId": "UP"}, None),
        ({"uri": "../../etc/passwd"}, None),
        ({"uri": "https://example.org/a.js"}, None),
    ],
)
def test_the_place(artifact: dict[str, Any], path: str | None) -> None:
    """In the folder that was scanned, where that is known; never outside of it by climbing."""
    found = finding(
        place(**artifact),
        originalUriBaseIds=BASES,
        artifacts=[{"location": {"uri": "of/artifacts.py"}}],
    )

    assert (path, 7 if path else None) == (found.path, found.line)


def test_a_location_without_a_file_is_passed_over() -> None:
    """The first one that has a file counts."""
    logical = {"logicalLocations": [{"name": "f"}]}
    found = finding({"locations": [logical, PLACE]})

    assert ("a.py", 3) == (found.path, found.line)


@pytest.mark.parametrize("line", [0, -1, 10**12])
def test_a_line_that_is_none(line: int) -> None:
    """The finding stays."""
    where = {"physicalLocation": {**PLACE["physicalLocation"], "region": {"startLine": line}}}

    assert finding({"locations": [where]}).line is None


def test_every_run_counts_and_each_finding_once() -> None:
    """Two scanners in one report; the second saw one thing twice."""
    other = run({"ruleId": "R9"}, {"ruleId": "R9"})
    other["tool"] = {"driver": {"name": "Other"}}

    assert [("scan", "R1"), ("other", "R9")] == [
        (each.tool, each.id) for each in findings(run({"ruleId": "R1"}), other)
    ]
