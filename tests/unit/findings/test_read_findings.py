"""Scanners' reports: real ones and samples of every format, and hostile ones."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from schemas.errors import InvalidInput
from schemas.findings import MOST_FINDINGS, Finding, Findings, Package
from schemas.incident import Severity
from support import TESTS
from tasks.findings.read_findings import read_findings, read_findings_file
from tasks.reports.report_json import file_path, uri_path

SAMPLES = TESTS / "samples" / "findings"


def read(data: Any) -> Findings:
    """A report that is this JSON data."""
    return read_findings(json.dumps(data).encode(), "r.json")


def sample(name: str) -> Findings:
    """A sample report."""
    return read_findings_file(SAMPLES / name)


def test_bandits_report_is_right_sarif() -> None:
    """So what is read below is what the standard says."""
    schema = json.loads((SAMPLES / "sarif-2.1.0.schema.json").read_bytes())

    assert [] == list(
        Draft7Validator(schema).iter_errors(json.loads((SAMPLES / "bandit.sarif").read_bytes()))
    )


def test_bandit() -> None:
    """A real report: rule, place and severity of each; the worst first."""
    scan = sample("bandit.sarif")

    assert "8 findings by bandit: 2 P2, 1 P3, 5 P4; worst B602 in src/shop.py:10" == scan.sentence
    assert Finding(
        id="B602",
        tool="bandit",
        severity=Severity.P2,
        title="subprocess call with shell=True identified, security issue.",
        path="src/shop.py",
        line=10,
    ) == (scan.worst)


def test_pip_audit() -> None:
    """A real report: it knows no severity, so each is P2."""
    scan = sample("pip-audit.json")

    assert {Severity.P2} == {finding.severity for finding in scan.findings}
    assert Finding(
        id="CVE-2024-35195",
        tool="pip-audit",
        severity=Severity.P2,
        title="Requests `Session` object does not verify requests after making first request with"
        " verify=False",
        aliases=("GHSA-9wx4-h78v-vm56",),
        package=Package(name="requests", ecosystem="pypi", installed="2.25.0", fixed=("2.32.0",)),
    ) in (scan.findings)


def test_pip_audits_old_list_is_the_same() -> None:
    """As pip-audit 1.x wrote it; what it skipped is said."""
    new = json.loads((SAMPLES / "pip-audit.json").read_bytes())
    skipped = {"name": "shop", "skip_reason": "Dependency not found on PyPI"}

    assert sample("pip-audit.json") == read(new["dependencies"])
    assert (
        "no findings by pip-audit; 1 dependencies could not be checked"
        == read({"dependencies": [skipped], "fixes": []}).sentence
    )
    assert read([]).findings == ()


def test_trivy() -> None:
    """Vulnerabilities, secrets, misconfigurations; a passed check is no finding."""
    found = {finding.id: finding for finding in sample("trivy.json").findings}

    assert {
        "generic-secret": Severity.P1,
        "CVE-2099-0001": Severity.P1,  # nobody's word, but a score
        "DS-0002": Severity.P2,
        "CVE-2024-35195": Severity.P3,
        "CVE-2099-0002": Severity.P4,
    } == {name: finding.severity for name, finding in found.items()}
    assert Package(
        name="requests",
        ecosystem="pypi",
        installed="2.25.0",
        fixed=("2.32.0",),
        manifest="requirements.txt",
    ) == (found["CVE-2024-35195"].package)
    assert Package(name="libssl3", ecosystem="debian", installed="3.0.11-1") == (
        found["CVE-2099-0002"].package
    )
    assert ("2.11.9", "3.1.3") == (found["CVE-2099-0001"].package or pytest.fail("none")).fixed
    assert ("deploy.sh", 3) == (found["generic-secret"].path, found["generic-secret"].line)


def test_osv_scanner() -> None:
    """Groups are one finding; a score, a vector, a word, nothing, and malicious code."""
    found = {finding.id: finding for finding in sample("osv-scanner.json").findings}

    assert {
        "MAL-2099-1": Severity.P1,
        "PYSEC-2099-1": Severity.P1,
        "PYSEC-2099-3": Severity.P2,
        "GHSA-9wx4-h78v-vm56": Severity.P3,
        "PYSEC-2099-2": Severity.P4,
    } == {name: finding.severity for name, finding in found.items()}
    assert ("PYSEC-2024-1", "CVE-2024-35195") == found["GHSA-9wx4-h78v-vm56"].aliases
    assert Package(
        name="requests",
        ecosystem="pypi",
        installed="2.25.0",
        fixed=("2.32.0",),
        manifest="/home/ci/shop/requirements.txt",
    ) == (found["GHSA-9wx4-h78v-vm56"].package)
    assert (found["MAL-2099-1"].package or pytest.fail("none")).manifest is None


@pytest.mark.parametrize("name", ["bandit.sarif", "trivy.json"])
def test_no_secret_is_copied(name: str) -> None:
    """Bandit quotes it in its message, Trivy in `Match` and `Code`."""
    assert b"hunter2" in (SAMPLES / name).read_bytes()
    assert "hunter2" not in sample(name).model_dump_json()


@pytest.mark.parametrize(
    "empty",
    [
        {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]},
        {"dependencies": [], "fixes": []},
        {"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "repository"},
        {"SchemaVersion": 2, "ArtifactName": ".", "Results": None},
        {"results": []},
        {"results": None},
        {"version": "1.1", "results": [], "errors": [], "paths": {"scanned": ["a.py"]}},
        {"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {}},
        {"actions": [], "advisories": {}, "muted": [], "metadata": {}},
        {"matches": [], "source": None, "descriptor": {"name": "grype"}},
        {"results": [], "errors": []},
        {"bomFormat": "CycloneDX", "vulnerabilities": []},
    ],
)
def test_nothing_found_is_no_error(empty: Any) -> None:
    """Every scanner has its own way to say so."""
    assert 0 == read(empty).total


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b"hello", "it is not JSON: Expecting value at line 1 column 1"),
        (b"\xff\xfe\xfa", "it is not JSON"),
        (b'{"runs": [', "it was cut off at line 1 column 11"),
        (b'{"runs": "2.1', "it was cut off at line 1 column 10"),
        (b'{"runs": NaN}', "NaN is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"1" * 5_000, "it is not JSON"),
        (b"null", r"nothing .*none of the formats that are known: SARIF 2.1.0, "),
        (b'{"results": [{"issue_text": "x"}], "errors": []}', "none of the formats"),
        (b'{"results": [], "errors": [], "metrics": {}}', "none of the formats"),
        (b'{"bomFormat": "CycloneDX", "dependencies": []}', "a bill of materials without"),
        (b'{"version": "1.0.0", "runs": []}', "SARIF, but of version '1.0.0'"),
        (b'{"version": "2.1.0", "runs": 5}', "runs: a list was expected"),
        (b'{"version": "2.1.0", "runs": [5]}', r"runs\.0: "),
        (
            b'{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{}]}]}',
            r"runs\.0\.results\.0: message: ",
        ),
        (b'{"dependencies":[{"name":"a","vulns":[{}]}]}', "vulns of a.0: id: "),
        (b'{"Results": [{"Vulnerabilities": [{"PkgName": 5}]}]}', "PkgName: "),
        (b'{"results": [{"packages": [{"vulnerabilities": []}]}]}', "package: "),
        (b"[" + b"1," * 2_000_001 + b"1]", "more than 2000000 values"),
        (b'{"Results": [' + b"{}," * 100_000 + b"{}]}", "more than 100000 entries"),
        (
            b'{"Results": [{"Secrets": ['
            + b",".join(b'{"RuleID": "%d"}' % number for number in range(50_001))
            + b"]}]}",
            "more than 50000 findings",
        ),
        (b" " * 50_000_001, "larger than 50000000 bytes"),
    ],
    ids=range(26),
)
def test_what_is_wrong_is_one_clear_line(content: bytes, reason: str) -> None:
    """The error names the report and what is wrong with it."""
    with pytest.raises(InvalidInput, match=reason) as raised:
        read_findings(content, "r.json")

    assert "report r.json" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_cannot_be_a_report_is_not_opened(tmp_path: Path) -> None:
    """A missing file, a directory, a pipe that nobody writes to, one that is too large."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"[" + b" " * 100 + b"]")
    for name, reason in (
        ("none", "No such file"),
        (".", "Is a directory"),
        ("pipe", "not a plain file"),
        ("large", "larger than 100 bytes"),
    ):
        with pytest.raises(InvalidInput, match=reason):
            read_findings_file(tmp_path / name, most_bytes=100)


def test_the_worst_findings_are_kept() -> None:
    """And how many were left out is said."""
    vulnerabilities = [
        {"VulnerabilityID": f"CVE-{n}", "PkgName": "a", "Severity": "LOW"} for n in range(700)
    ]
    vulnerabilities.append({"VulnerabilityID": "CVE-X", "PkgName": "a", "Severity": "CRITICAL"})
    scan = read({"Results": [{"Vulnerabilities": vulnerabilities}]})

    assert (MOST_FINDINGS, 201, "CVE-X") == (
        len(scan.findings),
        scan.left_out,
        scan.findings[0].id,
    )
    assert (
        "701 findings by trivy, the 500 worst: 1 P1, 499 P4; worst CVE-X in a,"
        " no fixed version known; 201 are left out" == scan.sentence
    )


def test_text_is_cut_and_cleaned() -> None:
    """Half an emoji, control characters and line breaks do not get through, nor does length."""
    content = json.dumps(
        {
            "Results": [
                {
                    "Target": "../../etc/passwd",
                    "Secrets": [{"RuleID": "r\ud800\x1b[31m\n", "Title": "t" * 10_000}],
                }
            ]
        }
    )
    (finding,) = read_findings(content.encode(), "r.json").findings

    assert ("r\ufffd", None) == (finding.id, finding.path)
    assert 500 == len(finding.title)


@pytest.mark.parametrize(
    ("given_path", "path"),
    [
        ("src/a.py", "src/a.py"),
        ("./src//a.py", "src/a.py"),
        ("src\\a.py", "src/a.py"),
        ("/work/a.py", "/work/a.py"),
        ("../a.py", None),
        ("a/../../b", None),
        ("a\x00b", None),
        ("a\nb", None),
        ("a" * 1001, None),
        ("", None),
        (".", None),
        (None, None),
    ],
)
def test_paths(given_path: str | None, path: str | None) -> None:
    """Those that climb are none."""
    assert path == file_path(given_path)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("src/a%20b.py", "src/a b.py"),
        ("file:///work/a.py", "/work/a.py"),
        ("file://host/work/a.py", "/work/a.py"),
        ("file:/work/a.py#L3", "/work/a.py"),
        ("src/%2e%2e/%2e%2e/etc/passwd", None),
        ("https://example.org/a.py", None),
        ("javascript:alert(1)", None),
        ("a%00b", None),
        ("x" * 4000, None),
    ],
)
def test_uris(uri: str, path: str | None) -> None:
    """Percent signs are resolved before anything is judged."""
    assert path == uri_path(uri)


NAMES = [
    "runs",
    "tool",
    "driver",
    "name",
    "rules",
    "results",
    "message",
    "text",
    "id",
    "arguments",
    "level",
    "locations",
    "version",
    "Results",
    "Target",
    "Vulnerabilities",
    "Secrets",
    "Severity",
    "CVSS",
    "dependencies",
    "vulns",
    "fix_versions",
    "aliases",
    "packages",
    "package",
    "vulnerabilities",
    "groups",
    "ids",
    "max_severity",
    "severity",
    "affected",
    "ranges",
    "events",
    "suppressions",
    "properties",
]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(_VALUES)
def test_any_json_is_findings_or_our_error(data: Any) -> None:
    """A reader raises InvalidInput and nothing else, whatever it is given."""
    shapes = (
        data,
        [data],
        {"version": "2.1.0", "runs": [data]},
        {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [data]}]},
        {"dependencies": [{"name": "a", "vulns": [data]}]},
        {"Results": [data]},
        {"Results": [{"Vulnerabilities": [data], "Secrets": data}]},
        {"results": [{"packages": [data]}]},
        {"results": [{"packages": [{"package": {"name": "a"}, "vulnerabilities": [data]}]}]},
    )
    for shape in shapes:
        with suppress(InvalidInput):
            read(shape)


@given(st.binary(max_size=200))
def test_any_bytes_are_our_error(content: bytes) -> None:
    """Also in the middle of a report."""
    for start in (b"", b'{"runs":[', b'{"Results":['):
        with suppress(InvalidInput):
            read_findings(start + content, "x")


@pytest.mark.parametrize("name", ["bandit.sarif", "pip-audit.json", "trivy.json"])
@given(data=st.data())
def test_a_real_report_with_one_part_changed(name: str, data: st.DataObject) -> None:
    """Any one value replaced by anything."""
    report = json.loads((SAMPLES / name).read_bytes())
    part: Any = report
    while True:
        key = data.draw(st.sampled_from(range(len(part)) if isinstance(part, list) else list(part)))
        inner = part[key]
        if not isinstance(inner, list | dict) or not inner or data.draw(st.booleans()):
            break
        part = inner
    part[key] = data.draw(_VALUES)
    with suppress(InvalidInput):
        read(report)
