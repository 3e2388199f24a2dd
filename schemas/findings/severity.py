"""The severity of a finding: the mapping from scanners' ratings to P1 to P4, as data."""

from __future__ import annotations

import math
from typing import Any

from schemas.incident import Severity

SCORES: tuple[tuple[float, Severity], ...] = (
    (9.0, Severity.P1),
    (7.0, Severity.P2),
    (4.0, Severity.P3),
)
"""Lowest CVSS score of each severity; below all of them P4. CVSS' critical, high, medium, low:
https://www.first.org/cvss/v3.1/specification-document (Qualitative Severity Rating Scale)."""

WORDS: dict[str, Severity] = {
    "critical": Severity.P1,
    "high": Severity.P2,
    "medium": Severity.P3,
    "moderate": Severity.P3,  # GitHub's and npm's word
    "unknown": Severity.P3,  # Trivy asked several sources and none rates it: a person has to
    "low": Severity.P4,
    "negligible": Severity.P4,
}
"""The words of Trivy, GitHub and the databases that osv-scanner reads; any other is P4."""

SARIF_LEVELS: dict[str, Severity] = {
    "error": Severity.P2,
    "warning": Severity.P3,
    "note": Severity.P4,
    "none": Severity.P4,
}
"""For a result whose rule has no `security-severity` (SARIF 2.1.0, 3.27.10)."""

UNRATED = Severity.P2
"""A known vulnerability without any severity, as all of pip-audit's: it may be critical, so a
person is paged to judge it; but unlike a P1 it does not roll anything back."""

MALICIOUS = "MAL-"
"""Prefix of OSV's malicious packages: the package itself is the attack, whatever its score."""

_IMPACT = {"H": 0.56, "L": 0.22, "N": 0.0}
_METRICS: dict[str, dict[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": _IMPACT,
    "I": _IMPACT,
    "A": _IMPACT,
}
_PRIVILEGES = {
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
}
"""Weights of CVSS 3.1, section 7.4."""


def severity_of_score(score: float) -> Severity:
    """The severity of a CVSS score."""
    return next((severity for least, severity in SCORES if score >= least), Severity.P4)


def severity_of_word(word: str) -> Severity:
    """The severity of a scanner's word."""
    return WORDS.get(word.strip().lower(), Severity.P4)


def score_of(value: Any) -> float | None:
    """A CVSS score (0 to 10) from a number or text; None when it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        score = float(value)
    except (ValueError, OverflowError):
        return None
    return score if math.isfinite(score) and 0 <= score <= 10 else None


def score_of_vector(vector: str) -> float | None:
    """The base score of a CVSS 3.0 or 3.1 vector; None for another version or an invalid vector.

    CVSS 3.1, section 7.1. Version 4 has no formula but a table of 270 rows: scanners that name
    such vectors give the score or a word too.
    """
    head, *pairs = vector[:500].split("/")
    if head not in ("CVSS:3.0", "CVSS:3.1"):
        return None
    given = dict(pair.split(":", 1) for pair in pairs if ":" in pair)
    try:
        value = {name: weights[given[name]] for name, weights in _METRICS.items()}
        privileges = _PRIVILEGES[given["S"]][given["PR"]]
    except KeyError:
        return None
    changed = given["S"] == "C"
    lost = 1 - (1 - value["C"]) * (1 - value["I"]) * (1 - value["A"])
    impact = 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02) ** 15 if changed else 6.42 * lost
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * value["AV"] * value["AC"] * privileges * value["UI"]
    return _round_up(min((1.08 if changed else 1.0) * (impact + exploitability), 10.0))


def _round_up(number: float) -> float:
    """Round up to one decimal as in appendix A, so that every machine gets the same result."""
    whole = round(number * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10
