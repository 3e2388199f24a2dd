"""What a report that no reader knows looks like, and what to send instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tasks.findings.reader import first, has_names
from tasks.reports.report_files import shown

MOST_NAMES = 8


class _Other(NamedTuple):
    """A format that is not read: how it is known, and its scanner's way to one that is."""

    is_it: Callable[[Any], bool]
    seen: str
    instead: str


def _in_first(*names: str) -> Callable[[Any], bool]:
    return lambda data: has_names(first(data), *names)


def _in_all(*names: str) -> Callable[[Any], bool]:
    return lambda data: has_names(data, *names)


OTHERS = (
    _Other(lambda data: data is None, "nothing (`null`), as gitleaks 7 and Trivy before 0.20 write"
           " when they found nothing", "their SARIF"),
    _Other(_in_all("results", "metrics", "generated_at"), "Bandit's JSON", "`bandit -f sarif`"),
    _Other(_in_all("@context", "statements"), "OpenVEX", "the scanner's own JSON"),
    _Other(_in_all("document", "product_tree"), "CSAF", "the scanner's own JSON"),
    _Other(_in_all("spdxVersion"), "an SPDX bill of materials", "what a scanner made of it"),
    _Other(_in_all("scan", "vulnerabilities", "version"), "GitLab's report of a scan",
           "the scanner's own report"),
    _Other(_in_all("meta", "project"), "Dependency-Track's findings", "its VEX (CycloneDX)"),
    _Other(_in_all("Issues", "GosecVersion"), "gosec's JSON", "`gosec -fmt sarif`"),
    _Other(_in_all("Issues", "Stats"), "gosec's JSON", "`gosec -fmt sarif`"),
    _Other(_in_all("site", "@version"), "ZAP's JSON", "its report template `sarif-json`"),
    _Other(_in_all("vulnerabilities", "packageManager"), "Snyk's JSON", "`snyk test --sarif`"),
    _Other(_in_all("dependencies", "reportSchema"), "Dependency-Check's JSON",
           "`dependency-check --format SARIF`"),
    _Other(_in_all("check_type", "results"), "Checkov's JSON", "`checkov -o sarif`"),
    _Other(_in_first("check_type"), "Checkov's JSON", "`checkov -o sarif`"),
    _Other(_in_all("files_scanned", "queries"), "KICS' JSON", "`kics --report-formats sarif`"),
    _Other(_in_all("scan_info", "warnings"), "Brakeman's JSON", "`brakeman -f sarif`"),
    _Other(_in_all("database", "lockfile"), "cargo-audit's JSON",
           "`osv-scanner scan --format json .`"),
    _Other(_in_all("advisories", "abandoned"), "Composer's audit",
           "`osv-scanner scan --format json .`"),
    _Other(_in_all("plugins_used", "results"), "detect-secrets' baseline", "gitleaks' report"),
    _Other(_in_first("SourceMetadata", "DetectorName"), "TruffleHog's JSON", "gitleaks' report"),
    _Other(_in_first("filePath", "messages"), "ESLint's JSON",
           "`eslint -f @microsoft/eslint-formatter-sarif`"),
    _Other(_in_first("template-id"), "nuclei's JSON", "`nuclei -sarif-export FILE`"),
)  # fmt: skip
"""What others write, as far as they can write something that is read."""


def seen_in(data: Any) -> str:
    """What this JSON is, in words; its values are not quoted."""
    for other in OTHERS:
        if other.is_it(data):
            return f"{other.seen}, which is not read: send {other.instead}"
    if isinstance(data, dict):
        return f"an object with {_names(data)}" if data else "an empty object"
    if isinstance(data, list):
        inner = first(data)
        if isinstance(inner, dict):
            return f"a list of objects with {_names(inner)}"
        return f"a list of {_kind(inner)}" if data else "an empty list"
    return _kind(data)


def _names(data: dict[str, Any]) -> str:
    names = [f"`{shown(name)[:40]}`" for name in list(data)[:MOST_NAMES]]
    more = len(data) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _kind(data: Any) -> str:
    kinds = {str: "text", bool: "true or false", int: "numbers", float: "numbers", list: "lists"}
    return kinds.get(type(data), "nothing (null)")


_TAG = re.compile(rb"<\s*([A-Za-z][\w:.-]{0,50})", re.ASCII)
_LINES = re.compile(rb"\A\{[^\n]*\}[ \t\r]*\n\s*\{")
_TABLE = re.compile(rb"\A[^\n,;\t{}\[<]{0,200}(?:[,;\t][^\n,;\t{}\[<]{0,200}){2}")
"""The first cells of a table: each is short, and ends at the next separator."""
XML_OF = {
    "bom": "CycloneDX in XML: have it written in JSON",
    "testsuites": "a report of tests, and not of a scan",
}


def not_json(content: bytes) -> str:
    """What a report is that is no JSON at all; empty when that cannot be said."""
    start = content[:100_000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        return _markup(start[:4_000])
    if _LINES.match(start):
        return (
            "it is several JSON objects, one a line, as TruffleHog, yarn and others write them:"
            " send one document, such as SARIF"
        )
    if _TABLE.match(start[:1_000]):
        return "it is a table (CSV), not JSON: have the scanner write SARIF or JSON"
    return ""


def _markup(start: bytes) -> str:
    tag = _TAG.search(start)
    name = tag[1].decode("ascii") if tag else "?"
    if name.lower() == "html" or b"<!doctype html" in start.lower():
        return (
            "it is a page (HTML), not JSON: did a server answer instead of the scanner? Else have"
            " the scanner write SARIF or JSON"
        )
    if name in XML_OF:
        return f"it is {XML_OF[name]}"
    return f"it is XML (`<{name}>`), not JSON: have the scanner write SARIF or JSON"
