"""A scan that failed or looked at nothing: it is refused as that, and is no "0 findings"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.errors import InvalidInput
from schemas.findings import Findings, alert_data, join, scan_of
from tasks.findings.read_findings import read_findings
from tasks.incident.open_incident import parse_alert

RESULT = {"ruleId": "R", "message": {"text": "words"}}


def read(data: Any) -> Findings:
    """A report that is this JSON data."""
    return read_findings(json.dumps(data).encode(), "r.json")


def sarif(*results: Any, name: str = "x", **run: Any) -> dict[str, Any]:
    """A run with these results."""
    driver = {"tool": {"driver": {"name": name}}, "results": list(results)}
    return {"version": "2.1.0", "runs": [driver | run]}


def failed(**invocation: Any) -> dict[str, Any]:
    """An invocation that did not succeed."""
    return {"invocations": [{"executionSuccessful": False} | invocation]}


def error(text: str) -> dict[str, Any]:
    """A notification of level `error`."""
    return {"level": "error", "message": {"text": text}}


FAILED: list[tuple[Any, str]] = [
    (sarif(**failed(exitCode=2)), "x: exit code 2"),
    (sarif(**failed()), "it does not say why"),
    (sarif(**failed(exitSignalName="SIGKILL")), "SIGKILL"),
    (sarif(**failed(exitCodeDescription="out of memory")), "out of memory"),
    (sarif(**failed(processStartFailureMessage="no such file")), "no such file"),
    (
        sarif(**failed(toolExecutionNotifications=[error("cannot parse\na.py")])),
        "cannot parse a.py",
    ),
    (
        sarif(invocations=[{
            "executionSuccessful": True, "toolExecutionNotifications": [error("timeout")],
        }]),
        "timeout",
    ),
    (
        sarif(invocations=[{"toolConfigurationNotifications": [error("no rules")]}]),
        "no rules",
    ),
    (
        sarif(RESULT | {"suppressions": [{"kind": "inSource"}]}, **failed(exitCode=2)),
        "exit code 2",
    ),
    ({"error": {"code": "ENOLOCK", "summary": "This command requires an existing lockfile."}},
     "ENOLOCK: This command requires an existing lockfile"),
    ({"message": "405 Method Not Allowed", "statusCode": 405, "error": {"summary": ""}},
     "405 Method Not Allowed"),
    ({"results": [], "paths": {"scanned": ["a"]},
      "errors": [{"level": "error", "type": "SemgrepError", "message": "invalid rule"}]},
     "semgrep: invalid rule"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "reason"), FAILED, ids=range(len(FAILED)))
def test_a_scan_that_failed_is_refused_as_that(data: Any, reason: str) -> None:
    """With the scanner's own words, and what to do."""
    with pytest.raises(InvalidInput, match=reason) as raised:
        read(data)

    assert "the scanner says that it did not succeed" in str(raised.value)
    assert "\n" not in str(raised.value)


BANDIT = {"metrics": {"_totals": {"loc": 0}}}
NOTHING: list[tuple[Any, str]] = [
    ({"version": "2.1.0", "runs": []}, "it has no run"),
    (sarif(results=None), "wrote no `results`"),
    ({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}}]}, "wrote no `results`"),
    (sarif(name="Bandit", properties=BANDIT), "bandit looked at 0 lines of code"),
    ({"bomFormat": "CycloneDX", "components": []}, "a bill of materials without"),
    ({"results": [], "errors": [], "paths": {"scanned": []}}, "semgrep looked at no file"),
]


@pytest.mark.parametrize(("data", "reason"), NOTHING, ids=range(len(NOTHING)))
def test_a_scan_of_nothing_is_refused_as_that(data: Any, reason: str) -> None:
    """A wrong path finds no problem either."""
    with pytest.raises(InvalidInput, match=reason) as raised:
        read(data)

    assert "nothing was scanned" in str(raised.value)


@pytest.mark.parametrize(
    "data",
    [
        sarif(invocations=[{"executionSuccessful": True, "exitCode": 1}]),
        sarif(invocations=[{
            "executionSuccessful": True,
            "toolExecutionNotifications": [{"message": {"text": "a.py: syntax error"}}],
        }]),
        sarif(invocations=None),
        sarif(properties={"metrics": {"_totals": {"loc": 40}}}),
        sarif(properties=5),
    ],
    ids=range(5),
)  # fmt: skip
def test_one_that_looked_and_found_nothing_is_no_error(data: Any) -> None:
    """A warning, or an exit code that is not zero, is no failure."""
    assert (0, ()) == (read(data).total, read(data).incomplete)


def test_findings_of_a_failed_scan_are_taken_and_the_page_says_so() -> None:
    """There may be more than it found."""
    scan = read(sarif(RESULT, **failed(exitCode=2)))

    assert ("x: exit code 2",) == scan.incomplete
    assert (
        "1 finding by x: 1 P3; worst R; the scan was not complete: x: exit code 2" == scan.sentence
    )


def test_one_run_of_two_that_did_not_look() -> None:
    """The other's findings are taken."""
    report = sarif(RESULT)
    report["runs"].append({"tool": {"driver": {"name": "y"}}, "results": None})

    assert ("y wrote no `results`: it did not look",) == read(report).incomplete


def test_it_goes_on_record_with_the_alert() -> None:
    """Also when reports are joined."""
    scan = join([read(sarif(RESULT, **failed(exitCode=2))), read(sarif(RESULT, name="y"))])

    alert = parse_alert(alert_data(scan, "shop", source="findings"))

    assert ("x: exit code 2",) == scan_of(alert).incomplete
    assert "the scan was not complete" in alert.description


def test_what_somebody_made_up_must_be_right() -> None:
    """The field is named."""
    alert = {"type": "security", "details": {"scanIncomplete": 5}}

    with pytest.raises(InvalidInput, match=r"details\.scanIncomplete"):
        scan_of(parse_alert(alert))


def test_a_masked_reason_is_trimmed() -> None:
    """Masking makes a text longer."""
    alert = parse_alert({"type": "security", "details": {"scanIncomplete": ["x" * 400]}})

    assert 300 == len(scan_of(alert).incomplete[0])
