"""Regulatory clocks: every row of the table, worked examples with dates, and the general rules."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.breach import STARTS, Deadline, Facts, Regime, chosen_regimes, deadlines, known_regimes
from schemas.errors import ConfigurationError
from schemas.settings import load_settings
from support import ROOT

START = datetime(2026, 11, 24, 10, tzinfo=UTC)
"""A Tuesday, two days before Thanksgiving."""
MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
FACTS: st.SearchStrategy[Facts] = st.fixed_dictionaries(
    {},
    optional={
        "people": st.integers(0, 10_000),
        "residents": st.integers(0, 10_000),
        "high-risk": st.booleans(),
        "death": st.booleans(),
        "widespread": st.booleans(),
    },
)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def all_of(facts: Facts | None = None, **timestamps: datetime) -> dict[str, Deadline]:
    """Every deadline of every known regime, by its key; `_` in a name stands for `-`."""
    named = {name.replace("_", "-"): moment for name, moment in timestamps.items()}
    return {each.key: each for each in deadlines(known_regimes(), named, facts or {})}


ROWS = [
    ("gdpr-33/notification", "aware", "2026-11-27T10:00", "supervisory authority"),
    ("uk-gdpr-33/notification", "aware", "2026-11-27T10:00", "(ICO)"),
    ("nis2-23/early-warning", "aware", "2026-11-25T10:00", "CSIRT or competent authority"),
    ("nis2-23/notification", "aware", "2026-11-27T10:00", "CSIRT or competent authority"),
    ("dora-19/initial", "aware", "2026-11-25T10:00", "financial competent authority"),
    ("dora-19/initial", "classified-major", "2026-11-24T14:00", "financial competent authority"),
    ("hipaa-164-404/individuals", "discovered", "2027-01-23T10:00", "individuals"),
    ("hipaa-164-404/hhs", "discovered", "2027-01-23T10:00", "(HHS)"),
    ("hipaa-164-404/media", "discovered", "2027-01-23T10:00", "media"),
    ("california-1798-82/residents", "discovered", "2026-12-24T10:00", "residents"),
    ("eu-ai-act-73/report", "aware", "2026-12-09T10:00", "market surveillance authority"),
    ("sec-8k-1.05/form-8-k", "materiality", "2026-12-01T22:30", "(SEC)"),
]


@pytest.mark.parametrize(("key", "start", "due", "addressee"), ROWS)
def test_each_row_of_the_table(key: str, start: str, due: str, addressee: str) -> None:
    """Started by one timestamp alone, each deadline is due when the table says."""
    found = {
        each.key: each
        for each in deadlines(known_regimes(), {start: START}, {"people": 500, "residents": 501})
    }[key]

    assert at(due) == found.due_at
    assert START == found.started_at
    assert addressee in found.addressee
    assert found.applies
    assert found.legal_basis
    assert date(2026, 11, 1) == found.as_of


FOLLOW_UPS = [
    ("nis2-23/final", "submitted:nis2-23/notification", "2026-12-24T10:00"),
    ("dora-19/intermediate", "submitted:dora-19/initial", "2026-11-27T10:00"),
    ("dora-19/final", "latest-submitted:dora-19/intermediate", "2026-12-24T10:00"),
    ("california-1798-82/attorney-general", "submitted:california-1798-82/residents",
     "2026-12-09T10:00"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "start", "due"), FOLLOW_UPS)
def test_what_follows_a_notification_starts_with_it(key: str, start: str, due: str) -> None:
    """Before it was submitted there is no clock, and the deadline says what it waits for."""
    waiting = all_of({"residents": 501}, aware=START, discovered=START)[key]
    started = deadlines(known_regimes(), {start: START}, {"residents": 501})

    assert (None, None) == (waiting.due_at, waiting.started_at)
    assert waiting.due_text.startswith("not started: needs ")
    assert f"submission of {start.partition('/')[2]}" in waiting.due_text
    assert [at(due)] == [each.due_at for each in started if each.key == key]


def test_nothing_else_is_in_the_data() -> None:
    """Rows, follow-ups and the one without a clock are all there is."""
    known = {key for key, *_ in ROWS} | {key for key, *_ in FOLLOW_UPS}

    assert {*known, "gdpr-34/communication"} == set(all_of())
    assert 9 == len(known_regimes())


CONTENT = {
    "gdpr-33/notification": ["nature", "subjects", "records", "protection officer", "consequences",
                             "measures", "reasons"],
    "gdpr-34/communication": ["plain", "contact", "consequences", "measures"],
    "uk-gdpr-33/notification": ["nature", "subjects", "records", "protection officer"],
    "nis2-23/early-warning": ["malicious", "cross-border"],
    "nis2-23/notification": ["severity", "impact", "indicators"],
    "nis2-23/final": ["root cause", "mitigation"],
    "dora-19/initial": ["reference", "detection", "criteria"],
    "dora-19/intermediate": ["impact"],
    "dora-19/final": ["root cause", "costs"],
    "hipaa-164-404/individuals": ["what happened", "types of data", "protective", "mitigation",
                                  "contact"],
    "california-1798-82/residents": ["What Happened", "What Information Was Involved",
                                     "What We Are Doing", "What You Can Do",
                                     "For More Information"],
    "eu-ai-act-73/report": ["provider", "system", "incident", "causal link", "actions"],
    "sec-8k-1.05/form-8-k": ["nature", "scope", "timing", "material impact"],
}  # fmt: skip


@pytest.mark.parametrize("key", CONTENT)
def test_each_says_what_has_to_be_in_it(key: str) -> None:
    """As in the table."""
    content = " | ".join(all_of()[key].content).lower()

    assert all(part.lower() in content for part in CONTENT[key])


def test_high_risk_is_told_to_people_without_undue_delay() -> None:
    """No moment, but due at once; a known low risk needs nothing; an unknown one counts."""
    key = "gdpr-34/communication"
    high, low, unknown, asleep = (
        all_of(facts, **stamps)[key]
        for facts, stamps in [
            ({"high-risk": True}, {"aware": START}),
            ({"high-risk": False}, {"aware": START}),
            ({}, {"aware": START}),
            ({"high-risk": True}, {}),
        ]
    )

    assert (True, None, "without undue delay: now") == (high.at_once, high.due_at, high.due_text)
    assert (False, "does not apply") == (low.applies, low.due_text)
    assert (True, ("high-risk",)) == (unknown.applies, unknown.needs)
    assert "not started: needs aware" == asleep.due_text


@pytest.mark.proves("AIACT-73-2", "AIACT-73-3", "AIACT-73-4")
@pytest.mark.parametrize(
    ("facts", "due"),
    [
        ({}, "2026-12-09T10:00"),
        ({"death": True}, "2026-12-04T10:00"),
        ({"widespread": True}, "2026-11-26T10:00"),
        ({"widespread": True, "death": True}, "2026-11-26T10:00"),
        ({"widespread": False, "death": False}, "2026-12-09T10:00"),
    ],
)
def test_the_ai_act_is_faster_when_it_is_worse(facts: Facts, due: str) -> None:
    """15 days, 10 after a death, 2 when widespread; with a causal link also at once."""
    report = all_of(facts, aware=START)["eu-ai-act-73/report"]
    linked = all_of(facts, aware=START, causal_link=START)["eu-ai-act-73/report"]

    assert at(due) == report.due_at == linked.due_at
    assert (False, True) == (report.at_once, linked.at_once)


@pytest.mark.parametrize(
    ("classified", "due"),
    [
        ("2026-11-24T12:00", "2026-11-24T16:00"),  # 4 h after classification is earlier
        ("2026-11-25T08:00", "2026-11-25T10:00"),  # 24 h after awareness is earlier
    ],
)
def test_dora_s_initial_report_is_due_at_the_earlier_of_two(classified: str, due: str) -> None:
    """4 hours from classification and 24 from awareness."""
    found = all_of(aware=START, classified_major=at(classified))["dora-19/initial"]

    assert at(due) == found.due_at


@pytest.mark.parametrize(
    ("key", "fact", "enough"),
    [
        ("hipaa-164-404/hhs", "people", 500),
        ("hipaa-164-404/media", "people", 500),
        ("california-1798-82/attorney-general", "residents", 501),
    ],
)
def test_numbers_of_people_decide(key: str, fact: str, enough: int) -> None:
    """500 people, more than 500 residents; an unknown number does not stop the clock."""
    assert not all_of({fact: enough - 1})[key].applies
    assert all_of({fact: enough})[key].applies
    assert (True, True) == (all_of()[key].applies, fact in all_of()[key].needs)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        # Friday evening in New York is Saturday in UTC: Mon, Tue, Wed, Thu
        ("2026-10-24T01:00", "2026-10-29T21:30"),
        # a Saturday: the period begins with, and includes, the Monday
        ("2026-10-24T15:00", "2026-10-29T21:30"),
        # over the end of daylight saving time: 17:30 there is an hour later in UTC
        ("2026-10-29T15:00", "2026-11-04T22:30"),
        # Christmas Day and New Year's Day are Fridays: Thu, Mon, Tue, Wed
        ("2026-12-23T15:00", "2026-12-30T22:30"),
        # 4 July 2026 is a Saturday, kept on Friday the 3rd: Thu, Mon, Tue, Wed
        ("2026-07-01T15:00", "2026-07-08T21:30"),
    ],
)
def test_four_business_days(start: str, due: str) -> None:
    """Until 17:30 in New York, when EDGAR closes."""
    assert at(due) == all_of(materiality=at(start))["sec-8k-1.05/form-8-k"].due_at


def test_holidays_of_our_own() -> None:
    """A day off moves the end."""
    (due,) = deadlines(
        chosen_regimes(["sec-8k-1.05"]), {"materiality": START}, {}, [date(2026, 11, 30)]
    )

    assert at("2026-12-02T22:30") == due.due_at


@given(MOMENTS, MOMENTS, FACTS)
def test_never_due_before_the_start_and_later_starts_are_not_due_earlier(
    one: datetime, other: datetime, facts: Facts
) -> None:
    """For every regime, every fact and every start."""
    first, second = sorted((one, other))
    starts = {name for each in deadlines(known_regimes(), {}, {}) for name in each.needs}
    starts |= set(STARTS)
    submitted = {
        f"{kind}:{regime}/{stage.name}"
        for kind in ("submitted", "latest-submitted")
        for regime, table in known_regimes().items()
        for stage in table.deadlines
    }
    early = deadlines(known_regimes(), dict.fromkeys(starts | submitted, first), facts)
    late = deadlines(known_regimes(), dict.fromkeys(starts | submitted, second), facts)

    for before, after in zip(early, late, strict=True):
        if before.due_at is None or after.due_at is None:
            assert before.at_once
            continue
        assert before.started_at == first
        assert first < before.due_at <= after.due_at


@given(MOMENTS, st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata"]))
def test_the_zone_in_which_a_moment_is_written_changes_nothing(moment: datetime, zone: str) -> None:
    """Clocks run in UTC: 72 hours are 72 hours also when the clocks change."""
    elsewhere = moment.astimezone(ZoneInfo(zone)).astimezone(UTC)
    key = "gdpr-33/notification"

    assert all_of(aware=moment)[key].due_at == all_of(aware=elsewhere)[key].due_at
    assert moment + timedelta(hours=72) == all_of(aware=moment)[key].due_at


@pytest.mark.parametrize(
    "limit",
    [
        {"after": "aware"},
        {"after": "aware", "hours": 1, "days": 1},
        {"after": "yesterday", "hours": 1},
        {"after": "submitted:nothing", "hours": 1},
        {"after": "aware", "hours": 0},
        {"after": "aware", "business_days": 4, "zone": "../etc/passwd"},
        {"after": "aware", "hours": 1, "when": {"fact": "mood", "text": "when it is bad"}},
    ],
)
def test_a_regime_that_cannot_be_is_refused(limit: dict[str, object]) -> None:
    """When the settings are read, not at night."""
    stage = {"name": "one", "addressee": "them", "content": ["all"], "limits": [limit]}
    table = {"name": "Ours", "legal_basis": "a law", "as_of": "2026-11-01", "deadlines": [stage]}

    with pytest.raises(ValidationError):
        Regime.model_validate(table)


def test_an_organisation_adds_and_replaces_regimes() -> None:
    """The organisation's own regimes win; the error for an unknown name lists the known ones."""
    stage = {
        "name": "one",
        "addressee": "them",
        "content": ["all"],
        "limits": [{"after": "aware", "hours": 12}],
    }
    ours = Regime.model_validate(
        {"name": "Ours", "legal_basis": "a contract", "as_of": "2026-11-01", "deadlines": [stage]}
    )
    chosen = chosen_regimes(["ours", "gdpr-33"], {"ours": ours, "gdpr-33": ours})

    assert {"ours": ours, "gdpr-33": ours} == chosen
    with pytest.raises(ConfigurationError, match=r"no regime 'gdpr'; known are gdpr-33"):
        chosen_regimes(["gdpr"])


def test_the_example_of_the_documentation_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both blocks of docs/regulatory-clocks.md, from a real file."""
    page = ROOT / "docs" / "regulatory-clocks.md"
    general, own = re.findall(r"(?ms)^```toml\n(.*?)^```", page.read_text("utf-8"))
    clinic = """
        [targets.clinic]
        repository = "."
        deploy_command = ["true"]
        required_gates = ["tests"]
        health = { command = ["true"] }
    """
    monkeypatch.setenv("AEEF_CONFIG", str(tmp_path / "aeef.toml"))
    (tmp_path / "aeef.toml").write_text(
        general.replace('"nis2-23"]', '"nis2-23", "contract-acme"]') + own + clinic
    )
    settings = load_settings()

    assert "contract-acme" in chosen_regimes(settings.breach.regimes, settings.breach.regime)
    assert (date(2026, 12, 24),) == settings.breach.holidays
    target = settings.targets["clinic"].breach
    assert target is not None
    assert ("hipaa-164-404",) == target.regimes
