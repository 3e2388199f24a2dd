"""What each reader makes of a report as its scanner writes it, and what no reader knows."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest

from schemas.errors import InvalidInput
from schemas.findings import Finding, Findings, Package
from schemas.incident import Severity
from support import TESTS
from tasks.findings.read_findings import READERS, read_findings, read_findings_file

SAMPLES = TESTS / "samples" / "findings"
REPORTS = sorted(
    {*SAMPLES.glob("*.json"), *SAMPLES.glob("*.sarif")} - {SAMPLES / "sarif-2.1.0.schema.json"}
)


def read(data: Any) -> Findings:
    """A report that is this JSON data."""
    return read_findings(json.dumps(data).encode(), "r.json")


def by_id(name: str) -> dict[str, Finding]:
    """The findings of a sample."""
    return {each.id: each for each in read_findings_file(SAMPLES / name).findings}


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_one_reader_says_that_a_report_is_its_own(path: Any) -> None:
    """And no other one: so their order does not matter."""
    data = json.loads(path.read_bytes())

    assert 1 == len([reader.NAME for reader in READERS if reader.is_mine(data)])


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_no_secret_is_copied(path: Any) -> None:
    """What the samples quote is in nothing that we keep."""
    kept = read_findings_file(path).model_dump_json().lower()

    assert "hunter2" not in kept
    assert "grace@" not in kept


def test_gitleaks() -> None:
    """A leaked key is P2, and named by its rule."""
    assert (
        Finding(
            id="aws-access-token",
            tool="gitleaks",
            severity=Severity.P2,
            title="Identified a pattern that may indicate AWS credentials",
            path="deploy.sh",
            line=3,
        )
        == (by_id("gitleaks-8.json")["aws-access-token"])
    )


@pytest.mark.parametrize("name", ["gitleaks-7.json", "gitleaks-7.sarif"])
def test_gitleaks_7(name: str) -> None:
    """Its SARIF has neither rule nor level: the message begins with the rule."""
    found = by_id(name)["AWS Access Key"]

    assert (Severity.P2, "deploy.sh", 3, "") == (
        found.severity, found.path, found.line, found.title,
    )  # fmt: skip


def test_gitleaks_7_without_a_line_s_number() -> None:
    """Its `line` is no number, but the line with the secret."""
    leak = {"line": "key = hunter2", "offender": "hunter2", "rule": "Slack", "file": "a.sh"}
    (found,) = read([leak]).findings

    assert ("Slack", "a.sh", None) == (found.id, found.path, found.line)


def test_gitleaks_7_finds_the_longest_rule() -> None:
    """`Slack` is a rule as well."""
    assert {"AWS Access Key", "Slack Webhook"} == set(by_id("gitleaks-7.sarif"))


def test_semgrep() -> None:
    """Its three levels; a message that quotes a password is left out."""
    found = by_id("semgrep.json")

    assert {
        "eval-of-input": (Severity.P2, "eval runs whatever the customer sends"),
        "shell-true": (Severity.P3, "A shell reads $X"),
        "hardcoded-password": (Severity.P4, ""),
    } == {name: (each.severity, each.title) for name, each in found.items()}
    assert ("src/shop.py", 8) == (found["eval-of-input"].path, found["eval-of-input"].line)


def test_semgrep_s_ignored_results_and_words() -> None:
    """`nosemgrep` is a person's word; newer rules have the words of everybody else."""

    def result(severity: str, **extra: Any) -> dict[str, Any]:
        return {"check_id": severity, "path": "a.py", "extra": {"severity": severity, **extra}}

    results = [result("HIGH", is_ignored=True), result("CRITICAL"), result("?")]
    scan = read({"results": results, "errors": [], "paths": {"scanned": ["a.py"]}})

    assert [("CRITICAL", "P1"), ("?", "P3")] == [(each.id, each.severity) for each in scan.findings]


def test_semgrep_s_secrets_are_leaks() -> None:
    """Its rules for secrets say so in their category."""
    extra = {"severity": "INFO", "message": "hunter2", "metadata": {"category": "secrets"}}
    (found,) = read({
        "results": [{"check_id": "aws", "path": "a.py", "extra": extra}], "errors": [],
    }).findings  # fmt: skip

    assert (Severity.P2, "") == (found.severity, found.title)


def test_npm_audit() -> None:
    """One finding for each advisory; a `via` that is a name is another package's."""
    found = by_id("npm-audit-2.json")

    assert (
        Finding(
            id="GHSA-xvch-5gv4-984h",
            tool="npm audit",
            severity=Severity.P1,
            title="Prototype Pollution in minimist",
            package=Package(name="minimist", ecosystem="npm", fixed=("0.2.4", "1.2.6")),
        )
        == (found["GHSA-xvch-5gv4-984h"])
    )
    assert ("4.17.21",) == (found["GHSA-35jh-r3h4-6jhm"].package or pytest.fail("none")).fixed
    assert 2 == len(found)


def test_npm_6_audit() -> None:
    """Each installed version is a finding; `<0.0.0` means that no version has the fix."""
    scan = read_findings_file(SAMPLES / "npm-audit-1.json")
    old = [each.package for each in scan.findings if each.package and each.id == "npm:1179"]

    assert [("0.0.8", ("0.2.1", "1.2.3")), ("1.2.0", ("0.2.1", "1.2.3"))] == [
        (each.installed, each.fixed) for each in old
    ]
    assert ("GHSA-px4h-xg32-q955", Severity.P2) == (scan.findings[0].id, scan.findings[0].severity)
    assert () == (scan.findings[0].package or pytest.fail("none")).fixed


def test_grype() -> None:
    """Its word, or the worst score; packages by their URL; a manifest where there may be one."""
    found = by_id("grype.json")

    assert {
        "GHSA-9wx4-h78v-vm56": Severity.P3,
        "CVE-2099-0001": Severity.P1,
        "CVE-2099-0002": Severity.P4,
    } == {name: each.severity for name, each in found.items()}
    assert ("CVE-2024-35195",) == found["GHSA-9wx4-h78v-vm56"].aliases
    assert Package(
        name="requests",
        ecosystem="pypi",
        installed="2.25.0",
        fixed=("2.32.0",),
        manifest="/requirements.txt",
    ) == (found["GHSA-9wx4-h78v-vm56"].package)
    assert Package(name="libssl3", ecosystem="deb", installed="3.0.11-1") == (
        found["CVE-2099-0002"].package
    )


def test_cyclonedx() -> None:
    """What a person judged harmless is no finding; components within components are known."""
    found = by_id("cyclonedx-vex.json")

    assert {
        "CVE-2024-35195": (Severity.P3, "requests 2.25.0"),
        "CVE-2099-0003": (Severity.P2, "urllib3 1.26.0"),
        "CVE-2099-0005": (Severity.P1, "@shop/till 1.0.0"),
        "CVE-2099-0006": (Severity.P4, "urn:cdx:00000000-395b-41f5-a30f-a58921a69b79/1#firmware"),
    } == {name: (each.severity, each.where) for name, each in found.items()}
    assert ("2.32.0",) == (found["CVE-2024-35195"].package or pytest.fail("none")).fixed
    assert {"dependency-track"} == set(read_findings_file(SAMPLES / "cyclonedx-vex.json").tools)


def test_cyclonedx_s_old_list_of_tools() -> None:
    """Until version 1.4."""
    data = {"bomFormat": "CycloneDX", "vulnerabilities": []}

    assert ("trivy",) == read(data | {"metadata": {"tools": [{"name": "Trivy"}]}}).tools
    assert ("cyclonedx",) == read(data | {"metadata": {"tools": {}}}).tools


def test_a_trivy_of_a_cluster() -> None:
    """`trivy k8s` has results for each resource."""
    vulnerability = {"VulnerabilityID": "CVE-1", "PkgName": "a", "Severity": "HIGH"}
    result = {"Target": "shop", "Vulnerabilities": [vulnerability]}
    resource = {"Namespace": "default", "Kind": "Deployment", "Results": [result]}

    assert 1 == read({"ClusterName": "c", "Resources": [resource]}).total
    assert 1 == read({"ClusterName": "c", "Vulnerabilities": [resource]}).total


def test_oss_index_s_own_numbers_are_no_names() -> None:
    """The first reference is."""
    number = "c7129ff8-08bc-4afe-82ec-7d97b9491741"
    found = {"id": number, "references": [{"id": "CVE-2021-33203"}], "affects": [{"ref": "x"}]}
    (finding,) = read({"bomFormat": "CycloneDX", "vulnerabilities": [found]}).findings

    assert ("CVE-2021-33203", (number,)) == (finding.id, finding.aliases)


@pytest.mark.parametrize(
    "data",
    [
        {"results": [], "totalCount": 0},
        {"package": "com.shop", "results": []},
        {"generator": {}, "results": [], "success": False},
        {"Results": [{"Name": "shop", "Kind": "Deployment", "Results": {}}]},
        {"matches": [], "source": {}, "descriptor": {"name": "xeol"}},
        {"matches": []},
        {"advisories": {}, "abandoned": {}},
        {"error": {"message": "too many requests"}},
        {"error": "unauthorised"},
    ],
    ids=range(9),
)
def test_what_only_resembles_a_report_is_no_silence(data: Any) -> None:
    """Many scanners have empty `results`: not knowing them is not "0 findings"."""
    with pytest.raises(InvalidInput, match="none of the formats"):
        read(data)


def test_an_empty_list_names_no_scanner() -> None:
    """It is what gitleaks writes when it found nothing, and not only gitleaks."""
    assert ((), ()) == (read([]).tools, read([]).findings)


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b'{"a": 1, "b<!channel>": 2}', "an object with `a`, `b<!channel>`"),
        (b"{}", "an empty object"),
        (b'[{"a": 1}]', "a list of objects with `a`"),
        (b"[1]", "a list of numbers"),
        (b'"x"', "text"),
        (b'{"results": [{"issue_text": "x"}], "metrics": {}, "generated_at": "x"}',
         "Bandit's JSON, which is not read: send `bandit -f sarif`"),
        (b'{"@context": "https://openvex.dev/ns", "statements": []}', "OpenVEX"),
        (b'{"vulnerabilities": [], "packageManager": "npm"}', "snyk test --sarif"),
        (b'[{"filePath": "a.js", "messages": []}]', "ESLint"),
        (b'<?xml version="1.0"?>\n<issues format="6">', "XML \\(`<issues>`\\), not JSON"),
        (b"<!DOCTYPE html><html><body>Sign in", "a page \\(HTML\\), not JSON"),
        (b'{"type": "auditSummary"}\n{"type": "auditAdvisory"}\n', "one a line"),
        (b"<", "XML"),
        (b"null", "nothing \\(`null`\\), as gitleaks 7"),
        (b'<bom xmlns="http://cyclonedx.org/schema/bom/1.4">', "CycloneDX in XML"),
        (b"<testsuites>", "a report of tests"),
        (b"id,severity,title,file\nR1,high,words,a.py\n", "a table \\(CSV\\)"),
        (b'{"advisories": {}, "abandoned": {}}', "Composer"),
    ],
    ids=range(18),
)  # fmt: skip
def test_what_no_reader_knows_is_named(content: bytes, seen: str) -> None:
    """The error says what was seen, and what to send instead."""
    with pytest.raises(InvalidInput, match=seen) as raised:
        read_findings(content, "r.json")

    assert "report r.json" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600


def test_an_error_names_the_formats_that_are_known() -> None:
    """So that a person can choose one."""
    with pytest.raises(InvalidInput) as raised:
        read({})

    for reader in READERS:
        assert reader.NAME in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        b"a," * 1_000_000,
        b"[" + b"1," * 1_000_000,
        b"{" + b"} " * 1_000_000,
        b"{}" + b"\n" * 1_000_000,
        b"<" + b" " * 1_000_000,
        b"< " * 1_000_000,
        b" ,\t;" * 500_000,
    ],
    ids=range(7),
)
def test_what_is_hostile_takes_no_time_to_name(content: bytes) -> None:
    """Patterns that look at it twice for each byte would take years."""
    began = time.process_time()

    with suppress(InvalidInput):
        read_findings(content, "r.json")

    assert time.process_time() - began < 5
