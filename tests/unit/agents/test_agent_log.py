"""Audit log lines are anybody's text: reading them never raises; contracts are compared."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.agents import entry
from schemas.agents import HIDDEN_TOOL, judge, matches, parse_entry, parse_forbidden
from tasks.agents.log_window import Window

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("timestamp", "session_id", "tool_name", "tool_input_summary", "success", "agent_id")


@given(st.binary(max_size=300))
def test_no_bytes_make_the_parser_raise(line: bytes) -> None:
    """Whatever the bytes are."""
    parse_entry(line)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)) | JSON)
def test_no_json_makes_the_parser_raise(data: object) -> None:
    """Whatever types the fields have; what is parsed can be judged and shown."""
    parsed = parse_entry(json.dumps(data).encode())
    if parsed is not None:
        judge(parsed, parse_forbidden(["*(*a*)", "Bash"])[0])
        assert parsed.tool_shown == HIDDEN_TOOL or parsed.tool_shown.isascii()


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 500_000,
        b'{"timestamp": ' + b"9" * 5000 + b"}",
        b'{"timestamp": "2026-01-01T00:00:00Z", "tool_name": 7}',
        b'{"timestamp": "0001-01-01T00:00:00+14:00", "tool_name": "Read"}',
        b"\xff\xfe\x00",
        b"\0" * 1000,
    ],
    ids=["deep", "long number", "no name", "before year 1", "no UTF-8", "sparse"],
)
def test_a_bomb_is_a_broken_line(line: bytes) -> None:
    """Deep nesting, endless numbers, impossible times."""
    assert parse_entry(line) is None


@pytest.mark.proves("REQ-009-14")
def test_a_line_of_the_tools_is_understood() -> None:
    """Every field, and the time in UTC."""
    found = parse_entry(entry(AT, "Bash", "ls", success=False, agent_id="a").encode())

    assert found is not None
    assert (AT, "s-1", "Bash", "ls", False, "a") == found


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=8))
def test_a_star_stands_for_anything(pattern: str, text: str) -> None:
    """The same as a regular expression, but never slow."""
    oracle = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text)

    assert matches(pattern, text) == (oracle is not None)


def test_no_pattern_is_slow() -> None:
    """Thousands of stars against a long text: linear."""
    assert not matches("*a" * 5000 + "b", "a" * 100_000)


@pytest.mark.proves("REQ-009-02")
@pytest.mark.parametrize(
    ("action", "tool", "summary", "verdict"),
    [
        ("Bash", "Bash", "anything", True),
        ("Bash", "BashTool", "anything", False),
        ("mcp__*", "mcp__db__drop", "", True),
        ("Bash(git push:*)", "Bash", "GIT   push origin", True),
        ("Bash(git push*)", "Bash", "git pull", False),
        ("Bash(*--force)", "Bash", "git push " + "x" * 191, None),
        ("Bash(rm*--force)", "Bash", "git push " + "x" * 191, False),
        ("Bash()", "Bash", "", True),
    ],
)
def test_a_forbidden_action(action: str, tool: str, summary: str, verdict: bool | None) -> None:
    """Tools by name, inputs by pattern; a summary that was cut off may leave it open."""
    [forbidden], prose = parse_forbidden([action])
    found = parse_entry(entry(AT, tool, summary).encode())

    assert found is not None
    assert 0 == prose
    assert verdict is forbidden.judge(found)


def test_prose_is_counted_and_not_guessed() -> None:
    """A sentence needs a reader."""
    assert ([], 2) == parse_forbidden(["merge without review", "touch (production) data"])


def test_entries_of_others_are_told_apart() -> None:
    """By agent id where it is written, by session where the alert names one."""
    named = parse_entry(entry(AT, agent_id="a").encode())
    unnamed = parse_entry(entry(AT).encode())

    assert named is not None
    assert unnamed is not None
    assert [True, False] == [named.is_of("a", ["other"]), named.is_of("b", [])]
    assert [True, True, False] == [
        unnamed.is_of("a", []),
        unnamed.is_of("a", ["s-1"]),
        unnamed.is_of("a", ["other"]),
    ]


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - given a zone below
    st.integers(-14, 14),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_the_quick_look_never_skips_what_is_inside(
    moment: datetime, offset: int, before: int, after: int
) -> None:
    """Whatever the offset of the timestamp."""
    window = Window(AT, timedelta(hours=before * 50), timedelta(hours=after * 50))
    zone = f"{offset:+03d}:00"
    line = f'{{"timestamp": "{moment.isoformat()}{zone}", "tool_name": "Read"}}'.encode()
    parsed = parse_entry(line)

    assert parsed is not None
    assert not (window.holds(parsed.timestamp) and window.surely_outside(line))


def test_a_window_at_the_end_of_time() -> None:
    """No date is too early or too late."""
    for at in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        Window(at, timedelta(days=9), timedelta(days=9))
