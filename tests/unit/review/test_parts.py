"""What the record says becomes lines: with their moment and their entry; nothing can be run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.review import Facts
from tasks.review.parts import Line, parts_of, proposed

AT = datetime(2026, 11, 27, 14, 3, tzinfo=UTC)


def lines_of(value: Any, name: str = "change") -> list[Line]:
    """The lines of the only section."""
    (part,) = parts_of(Facts(drafted_at=AT, sections={name: value}))
    return part.lines


def test_a_line_has_what_its_object_says() -> None:
    """Its sentence, moment, actor and entry; other fields in words, whatever they hold."""
    line = {"text": "rolled back", "at": AT.isoformat(), "by": "rob (token)", "entry": 12}
    more = {"said-in": ["a", "b"], "size": {"files": 3, "isLarge": False}, "nothing": None}

    assert [Line("rolled back", AT, "rob (token)", 12)] == lines_of([line])
    assert [
        Line("rolled back; Said in: a, b; Size: Files: 3; Islarge: no", AT, "rob (token)", 12)
    ] == lines_of([line | more])
    assert [Line("Commit: abc"), Line("Files: 3")] == lines_of({"commit": "abc", "files": 3})
    assert [Line("one"), Line("two")] == lines_of(["one", "", "two"])


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://git.example/pull/1", "https://git.example/pull/1"),
        ("/incidents/7", "/incidents/7"),
        ("javascript:alert(1)", ""),
        ("//evil.example", ""),
        ("https://git.example/> # Mine", ""),
        (7, ""),
    ],
)
def test_only_an_address_that_runs_nothing_is_one(given: Any, shown: str) -> None:
    """Of the web, or of an incident here."""
    assert [Line("see", address=shown)] == lines_of([{"text": "see", "url": given}])


def test_sections_have_their_order_and_empty_ones_are_left_out() -> None:
    """What nobody foresaw comes last, but for what was not seen."""
    sections: dict[str, Any] = {"own-idea": "x", "timeline": ["a"], "times": ["b"], "people": []}
    facts = Facts(drafted_at=AT, sections=sections, not_seen=("the weather",))

    assert ["Times", "Timeline", "Own idea", "Not seen"] == [e.title for e in parts_of(facts)]


def test_what_the_record_would_say_to_a_question() -> None:
    """For those who begin with it."""
    facts = Facts(drafted_at=AT, sections={"summary": [{"text": "It failed."}]})

    assert ("It failed.", "") == (proposed("summary", facts), proposed("impact", facts))
