"""The table `[corrective]`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from schemas.corrective import CorrectiveSettings


def test_looks_are_in_order_and_of_whole_or_parts_of_days() -> None:
    """30 and 90 unless it says otherwise."""
    assert (30, 90) == CorrectiveSettings().look_after_days
    assert (0.5, 7) == CorrectiveSettings(look_after_days=(7, 0.5)).look_after_days


@pytest.mark.parametrize("given", [{"look_after_days": [0]}, {"look_after_days": [3, 3]},
                                   {"every": 1}, {"due_days": 0}, {"unknown": 1}])  # fmt: skip
def test_what_cannot_be_is_refused(given: dict[str, object]) -> None:
    """At the start."""
    with pytest.raises(ValidationError):
        CorrectiveSettings.model_validate(given)
