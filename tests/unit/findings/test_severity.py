"""How bad a finding is: scores, vectors, words."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.findings import score_of, score_of_vector, severity_of_score, severity_of_word


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (10, "P1"),
        (9.0, "P1"),
        (8.9, "P2"),
        (7, "P2"),
        (6.9, "P3"),
        (4, "P3"),
        (3.9, "P4"),
        (0, "P4"),
    ],
)
def test_scores(score: float, severity: str) -> None:
    """CVSS' own limits."""
    assert severity == severity_of_score(score)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("CRITICAL", "P1"),
        (" high ", "P2"),
        ("Moderate", "P3"),
        ("MEDIUM", "P3"),
        ("UNKNOWN", "P3"),
        ("low", "P4"),
        ("whatever", "P4"),
    ],
)
def test_words(word: str, severity: str) -> None:
    """In any case."""
    assert severity == severity_of_word(word)


@pytest.mark.parametrize(
    ("value", "score"),
    [
        ("9.8", 9.8),
        (5, 5.0),
        ("", None),
        ("high", None),
        (11, None),
        (-1, None),
        (math.inf, None),
        (math.nan, None),
        (True, None),
        ([], None),
        (10**400, None),
    ],
)
def test_what_is_a_score(value: Any, score: float | None) -> None:
    """0 to 10."""
    assert score == score_of(value)


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        # Published: CVE-2021-44228, CVE-2024-35195, CVE-2022-25883 (GitHub), CVE-2021-20191,
        # CVE-2013-1937 and CVE-2014-0160 of FIRST's examples for 3.1
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:H/I:H/A:N", 5.6),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", 5.3),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N", 5.5),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", None),
        ("CVSS:3.1/AV:N", None),
        ("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", None),
        ("", None),
    ],
)
def test_vectors(vector: str, score: float | None) -> None:
    """Base scores of CVSS 3; others are not guessed at."""
    assert score == score_of_vector(vector)


@given(st.text(max_size=60).map("CVSS:3.1/".__add__) | st.text(max_size=60))
def test_any_vector(vector: str) -> None:
    """A score, or None."""
    score = score_of_vector(vector)

    assert score is None or 0 <= score <= 10
