"""What a deployment history says when some of its entries cannot be understood."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidInput
from schemas.release import History, understand
from schemas.validation import read_json

NOW = datetime(2026, 11, 26, tzinfo=UTC)
A, B, C, G = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
HEALTHY = {"commit": A, "status": "healthy", "deployedAt": "2026-11-22T00:00:00Z"}
GOOD = {"commit": G, "status": "healthy", "deployedAt": "2026-11-23T00:00:00Z"}
BAD = {"commit": B, "status": "failed", "deployedAt": "2026-11-24T00:00:00Z"}
ODD: list[Any] = [
    {"commit": C, "status": "failed", "deployedAt": "2026-11-21 03:00:00"},
    {"commit": C, "status": "failed", "deployedAt": "2026-11-21"},
    {"commit": C, "status": "failed", "deployedAt": "yesterday"},
    {"commit": C, "status": "failed", "deployedAt": None},
    {"commit": C, "status": 1, "deployedAt": "2026-11-21T03:00:00Z"},
    {"commit": C, "deployedAt": "2026-11-21T03:00:00Z"},
    {"commit": "HEAD", "status": "healthy", "deployedAt": "2026-11-21T03:00:00Z"},
    {"status": "healthy"},
    {"commit": C, "status": "healthy", "images": ["web"]},
    "rubbish",
    None,
    7,
]


def history(*entries: Any, rollbacks: tuple[Any, ...] = ()) -> History:
    """The history of a file with these entries."""
    return understand({"deployments": list(entries), "rollbacks": list(rollbacks)}, NOW)


def candidates(past: History, failing: str | None = B) -> list[str]:
    """The commits that a rollback would consider, in this order."""
    return [entry.commit for entry in past.candidates(failing)]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_old_entry_is_named_and_spoils_nothing(odd: object) -> None:
    """The rest of the history says what it says without it."""
    past = history(odd, HEALTHY, GOOD, BAD)

    assert [G, A] == candidates(past)
    assert past.odd[0].problem.startswith("$.deployments[0]")
    assert [] == past.perhaps_newest()


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_entry_that_may_be_the_newest_is_in_doubt(odd: object) -> None:
    """Unless its time, as far as it is known, is long past; whichever end is the newest."""
    dated = isinstance(odd, dict) and "2026" in str(odd.get("deployedAt"))

    for past in (history(HEALTHY, GOOD, odd), history(odd, GOOD, HEALTHY)):
        assert ([] if dated else [past.odd[0]]) == past.perhaps_newest()


def test_a_time_without_zone_is_as_late_as_it_can_be() -> None:
    """In the zone that is furthest behind UTC."""
    for hour, in_doubt in (("11:00:00", False), ("13:00:00", True)):
        odd = {"commit": C, "status": "failed", "deployedAt": f"2026-11-22 {hour}"}

        assert in_doubt is bool(history(HEALTHY, GOOD, odd).perhaps_newest())


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-24T00:00:00+0000", "2026-11-24 00:00:00Z", "2026-11-24 00:00:00 UTC",
        "2026-11-24T01:00:00+01", "2026-11-24t00:00:00z", 1795478400, 1795478400.0, 1795478400000,
        "1795478400",
    ],
)  # fmt: skip
def test_a_time_with_a_zone_is_understood_however_it_is_written(time: object) -> None:
    """Also Unix times, in seconds or milliseconds."""
    past = history(HEALTHY, GOOD, BAD | {"deployedAt": time})

    assert datetime(2026, 11, 24, tzinfo=UTC) == past.newest_first()[0].deployed_at
    assert () == past.odd


@pytest.mark.parametrize("time", ["2999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", 99999999999, 0])
def test_of_a_time_that_cannot_be_the_place_counts(time: object) -> None:
    """A clock was wrong: the entry is where its pipeline wrote it, and its time is never shown."""
    for past in (
        history(HEALTHY, GOOD, BAD | {"deployedAt": time}),
        history(BAD | {"deployedAt": time}, GOOD, HEALTHY),
    ):
        assert [B, G, A] == [entry.commit for entry in past.newest_first()]
        assert past.newest_first()[0].deployed_at is None
        assert "not believed" in past.notes[0]

    between = history(HEALTHY, GOOD | {"deployedAt": time}, BAD)
    assert [G, A] == candidates(between)


def test_in_a_file_without_order_a_time_that_cannot_be_is_odd() -> None:
    """Then its place says nothing, and it may be the newest."""
    past = history(GOOD, BAD, HEALTHY, {"commit": C, "status": "healthy", "deployedAt": 0})

    assert [C] == [entry.commit for entry in past.perhaps_newest()]
    assert C not in candidates(past)


def test_an_odd_entry_of_a_candidate_that_may_have_failed_since_is_a_doubt() -> None:
    """If it may be newer than the healthy one, and is not healthy too."""
    failed = {"commit": G[:9], "status": "failed", "deployedAt": "2026-11-23 09:00:00"}
    past = history(HEALTHY, GOOD, failed, BAD)

    found = {entry.commit: bool(past.doubts(entry)) for entry in past.candidates(B)}

    assert {G: True, A: False} == found
    for harmless in (failed | {"status": "healthy"}, failed | {"deployedAt": "2026-11-21 00:00"}):
        again = history(HEALTHY, GOOD, harmless, BAD)
        assert [] == again.doubts(again.candidates(B)[0])


def test_an_abbreviated_entry_counts_for_its_commit() -> None:
    """What failed under a short name is no candidate under its full one."""
    failed = {"commit": G[:8], "status": "failed", "deployedAt": "2026-11-23T01:00:00Z"}

    assert [A] == candidates(history(HEALTHY, GOOD, failed, BAD))


def test_words_that_look_good_are_counted() -> None:
    """But a word for what failed is no hint."""
    entries = [GOOD | {"status": word} for word in ("success", "success", "Healthy ", "failed")]
    past = history(*entries)

    assert [
        "2 entries have status 'success'; only 'healthy' counts",
        "1 entry has status 'Healthy '; only 'healthy' counts",
    ] == past.odd_words()
    assert [] == candidates(past)


def test_an_odd_rollback_is_in_doubt_only_if_it_may_be_recent() -> None:
    """Whether an incident joins a rollback is not guessed."""
    proper = {"commit": A, "timestamp": "2026-11-23T00:00:00Z"}
    odd = {"commit": A, "timestamp": "2026-11-21 00:00:00"}
    began = datetime(2026, 11, 22, tzinfo=UTC)

    assert history(rollbacks=(odd, proper)).perhaps_rolled_back_since(began) is None
    assert history(rollbacks=(odd,)).perhaps_rolled_back_since(began) is None
    late = history(rollbacks=({"commit": A, "timestamp": "?"},))
    assert "$.rollbacks[0].timestamp" in str(late.perhaps_rolled_back_since(began))


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"deployments": {}}', '{"deployments": [], "deployments": []}',
     '{"deployments": [], "x": {"y": [{"z": 1, "z": 1}]}}',
     '{"deployments": [], "rollbacks": null}'],
)  # fmt: skip
def test_what_is_no_history_at_all_is_refused(text: str) -> None:
    """Nothing of it is used."""
    with pytest.raises(InvalidInput, match="not a valid history record"):
        understand(read_json(text.encode(), 1_000, keep_doubled=True), NOW)


def test_a_key_that_comes_twice_makes_an_entry_odd_at_every_depth() -> None:
    """Which of the two was meant, nobody knows."""
    text = (
        b'{"deployments": [{"commit": "%s", "status": "failed", "status": "healthy"},'
        b' {"commit": "%s", "status": "healthy", "images": {"web": "1", "web": "2"}}]}'
    ) % (A.encode(), G.encode())

    past = understand(read_json(text, 1_000, keep_doubled=True), NOW)

    assert [(A, None), (G, "healthy")] == [(odd.commit, odd.status) for odd in past.odd]
    assert "$.deployments[1].images: 'web' comes twice" in past.odd[1].problem
    assert [] == candidates(past)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"), (b"\xef\xbb\xbf ", "empty"), (b"\xff", "not utf-8"), (b"{", "cut off"),
        (b'{"a": NaN}', "NaN"), (b'{"a": -Infinity}', "Infinity"), (b'{"a": 1e999}', "too large"),
        (b"[" * 99_999, "deeply"), (b"[" * 200 + b"]" * 200, "deeply"),
        (b" " * 999_999, "larger than"),
        (b'{"a": {"b": 1, "b": 2}}', r"\$.a: 'b' comes twice"),
    ],
)  # fmt: skip
def test_what_is_no_proper_json_is_refused_in_words(content: bytes, problem: str) -> None:
    """One reader for every record, and for what other tools wrote."""
    with pytest.raises(ValueError, match=problem):
        read_json(content, 100_000)


_ENTRIES = st.sampled_from(ODD) | st.builds(
    lambda commit, status, hours: {
        "commit": commit,
        "status": status,
        "deployedAt": (NOW - timedelta(hours=hours)).isoformat(),
    },
    st.sampled_from([A, B, G]),
    st.sampled_from(["healthy", "failed"]),
    st.integers(0, 99),
)


@given(entries=st.lists(_ENTRIES, max_size=8))
def test_an_odd_entry_is_never_a_candidate_and_always_named(entries: list[Any]) -> None:
    """Every entry is either understood or named, and stays at its place."""
    past = history(*entries)

    assert len(entries) == len(past.deployments) + len(past.odd)
    assert all(entries[odd.place] in ODD and odd.problem for odd in past.odd)
    assert [entries[place]["commit"] for place in past.places] == [
        entry.commit for entry in past.deployments
    ]
    assert {C, "HEAD"}.isdisjoint(candidates(past))


@given(value=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
))  # fmt: skip
def test_no_entry_and_no_time_breaks_the_reading(value: object) -> None:
    """Whatever a pipeline wrote."""
    past = history(value, GOOD | {"deployedAt": value}, HEALTHY)

    assert A in candidates(past, None)
