"""What shows that a corrective action worked, as people write it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from schemas.corrective.question import (
    FilePresent,
    GatePasses,
    NoRecurrence,
    question_of,
    written,
)
from schemas.errors import InvalidInput
from schemas.incident import Incident
from schemas.model import utc_now

INCIDENT = Incident.model_validate(
    {
        "incident_id": uuid4(), "severity": "P2", "type": "drift", "detected_at": utc_now(),
        "affected_services": ["shop", "cart"],
    }
)  # fmt: skip
SAME = NoRecurrence(type="drift", services=("shop", "cart"))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("", SAME),
        ("recurrence", SAME),
        ("recurrence:hallucination", SAME.model_copy(update={"failure_mode": "hallucination"})),
        ("gate:shop/mutation score", GatePasses(target="shop", gate="mutation score")),
        ("file:shop/.semgrep/a.yml", FilePresent(target="shop", path=".semgrep/a.yml")),
        ("file:shop/a.yml#no: eval", FilePresent(target="shop", path="a.yml", text="no: eval")),
    ],
)
def test_a_question_is_read_and_kept(text: str, means: object) -> None:
    """As data it is the same again."""
    question = written(text, INCIDENT)

    assert means == question
    assert question == question_of(question.to_json())


@pytest.mark.parametrize(
    "text", ["did it work?", "gate:shop", "gate:/x", "file:shop//etc/passwd", "file:shop/../x"]
)
def test_what_cannot_be_looked_at_is_refused(text: str) -> None:
    """With what can be."""
    with pytest.raises(InvalidInput, match="question: "):
        written(text, INCIDENT)


def test_a_question_of_a_newer_version_is_none() -> None:
    """It is then said that it cannot be looked at."""
    assert question_of({"kind": "telepathy"}) is None
