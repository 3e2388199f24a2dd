"""Where a finding is: as text, where it is no path of a repository."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.findings import Finding
from tasks.findings.read_findings import read_findings
from tasks.reports.report_json import place_text


def at(location: dict[str, Any]) -> Finding:
    """A SARIF result at this location."""
    result = {"ruleId": "R", "message": {"text": "m"}, "locations": [location]}
    run = {"tool": {"driver": {"name": "zap"}}, "results": [result]}
    report = {"version": "2.1.0", "runs": [run]}
    (found,) = read_findings(json.dumps(report).encode(), "r.sarif").findings
    return found


def uri(value: str) -> dict[str, Any]:
    """A location by its URI."""
    return {"physicalLocation": {"artifactLocation": {"uri": value}, "region": {"startLine": 3}}}


@pytest.mark.parametrize(
    ("location", "where"),
    [
        (uri("src/a.py"), "src/a.py:3"),
        (uri("https://shop.example/login?token=hunter2#top"), "https://shop.example/login"),
        (uri("https://me:hunter2@shop.example/login"), "https://shop.example/login"),
        (uri("https://[bad/login?a=1"), "https://[bad/login"),
        (uri("../../etc/passwd"), "../../etc/passwd"),
        ({"logicalLocations": [{"fullyQualifiedName": "shop.Cart.total", "name": "total"}]},
         "shop.Cart.total"),
        ({"logicalLocations": [{"name": "arn:aws:s3:::orders"}]}, "arn:aws:s3:::orders"),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_place_that_is_no_path_is_kept_as_text(location: dict[str, Any], where: str) -> None:
    """An address without its user and its query, a name; the path is only for files."""
    found = at(location)

    assert where == found.where
    assert (found.path is None) == (where != "src/a.py:3")
    assert found.path is None or found.place is None


def test_trivy_s_target_that_is_no_path() -> None:
    """As of a cluster."""
    secret = {"RuleID": "r", "StartLine": 2}
    report = {"Results": [{"Target": "../Deployment/shop", "Secrets": [secret]}]}
    (found,) = read_findings(json.dumps(report).encode(), "r.json").findings

    assert (None, None, "../Deployment/shop") == (found.path, found.line, found.where)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, None), ("", None), ("a\nb\x00", "a b"), ("x" * 500, "x" * 500)],
)
def test_a_place_is_one_short_line(value: str | None, text: str | None) -> None:
    """It is shown to people, and never opened."""
    assert text == place_text(value)
    assert len(place_text("x" * 5_000) or "") <= 1000


def test_findings_at_different_places_are_different() -> None:
    """The same rule at two addresses."""
    results = [
        {"ruleId": "R", "message": {"text": "m"}, "locations": [uri(f"https://shop.example/{n}")]}
        for n in range(2)
    ]
    run = {"tool": {"driver": {"name": "zap"}}, "results": results}
    report = {"version": "2.1.0", "runs": [run]}

    assert 2 == read_findings(json.dumps(report).encode(), "r.sarif").total
