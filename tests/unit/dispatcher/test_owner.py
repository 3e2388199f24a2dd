"""Which worker has a run, by the messages of its states."""

from __future__ import annotations

import pytest

from deployments.registry.owner import Owner, owner_in, taken_by

ADA, BEN = Owner("aeef-ada", "a" * 32), Owner("aeef-ben", "b" * 32)


@pytest.mark.parametrize(
    ("messages", "owner"),
    [
        ([taken_by(ADA)], ADA),
        ([None, "", taken_by(BEN), "crashed", taken_by(ADA)], BEN),
        ([], None),
        ([None, f"he said: {taken_by(ADA)}", f"{taken_by(ADA)}!"], None),
    ],
)
def test_the_newest_message_of_a_worker_counts(
    messages: list[str | None], owner: Owner | None
) -> None:
    """Other messages, and texts that only repeat one, are nobody's."""
    assert owner == owner_in(messages)
