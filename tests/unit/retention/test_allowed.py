"""What may have been disposed of, by what the audit log still shows of it."""

from __future__ import annotations

import pytest

from schemas.retention import why_not_allowed

SAID = {"endedAt": "2026-03-01T00:00:00+00:00", "dueAt": "2031-03-01T00:00:00+00:00"}
OPENED, GONE, NOW = (f"{day}T00:00:00+00:00" for day in ("2026-02-28", "2031-03-01", "2031-03-02"))


def test_what_was_due_may_go() -> None:
    """On its day, or whenever later; a year is the least that the settings allow."""
    assert not why_not_allowed(SAID, OPENED, GONE, NOW)
    a_year = {**SAID, "dueAt": "2027-03-01T00:00:00+00:00"}
    assert not why_not_allowed(a_year, OPENED, "2027-03-01T00:00:00+00:00", NOW)


@pytest.mark.parametrize(
    ("changed", "opened", "gone", "why"),
    [
        ({}, "2030-04-01T00:00:00+00:00", GONE, "began on 2030-04-01 or later"),
        ({"endedAt": "2030-04-01T00:00:00+00:00"}, OPENED, GONE, "was not due"),
        ({"dueAt": "2031-03-02T00:00:00+00:00"}, OPENED, GONE, "was not due"),
        ({}, OPENED, "2032-03-01T00:00:00+00:00", "a time to come"),
        ({"endedAt": None}, OPENED, GONE, "does not say when"),
        ({"dueAt": "soon"}, OPENED, GONE, "does not say when"),
        ({}, "", GONE, "does not say when"),
    ],
)
def test_what_was_not_stays(
    changed: dict[str, str | None], opened: str, gone: str, why: str
) -> None:
    """And it is said why; what is written wrong is not taken for right."""
    assert why in why_not_allowed({**SAID, **changed}, opened, gone, NOW)
