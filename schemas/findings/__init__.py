"""What scanners found, how severe it is, how it adds up. Begin with `findings.py`."""

from schemas.findings.details import (
    alert_data,
    check_details,
    details_of,
    findings_of,
    patch_of,
    scan_of,
)
from schemas.findings.ecosystems import KNOWN, WITHOUT_MANIFEST, ecosystem_of
from schemas.findings.finding import LAST_LINE, MOST_IDS, Finding, Package
from schemas.findings.findings import (
    FINDINGS,
    LONGEST_FAILURE,
    MOST_FAILURES,
    MOST_FINDINGS,
    PATCH,
    Findings,
    collect,
    join,
)
from schemas.findings.leaks import LEAST_OF_LEAKS, at_least_leak, is_leak, leak_name
from schemas.findings.severity import (
    MALICIOUS,
    SARIF_LEVELS,
    UNRATED,
    WORDS,
    score_of,
    score_of_vector,
    severity_of_score,
    severity_of_word,
)

__all__ = [
    "FINDINGS",
    "KNOWN",
    "LAST_LINE",
    "LEAST_OF_LEAKS",
    "LONGEST_FAILURE",
    "MALICIOUS",
    "MOST_FAILURES",
    "MOST_FINDINGS",
    "MOST_IDS",
    "PATCH",
    "SARIF_LEVELS",
    "UNRATED",
    "WITHOUT_MANIFEST",
    "WORDS",
    "Finding",
    "Findings",
    "Package",
    "alert_data",
    "at_least_leak",
    "check_details",
    "collect",
    "details_of",
    "ecosystem_of",
    "findings_of",
    "is_leak",
    "join",
    "leak_name",
    "patch_of",
    "scan_of",
    "score_of",
    "score_of_vector",
    "severity_of_score",
    "severity_of_word",
]
