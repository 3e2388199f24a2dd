"""Regulatory clocks are recorded once, follow the facts that people set, and have timers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from samples.breach import breach, clock, configure, say, submit
from schemas.breach import STARTS, Kind, known_regimes
from schemas.errors import InvalidInput
from schemas.incident import CLOCKS_CHANGED, Incident
from schemas.model import utc_now
from schemas.settings import load_settings
from tasks.breach.breach_facts import changes_of, regimes_of
from tasks.breach.clocks.ring_clock import ring_clock, spoken_clocks
from tasks.breach.clocks.start_clocks import (
    NONE_CONFIGURED,
    Clocks,
    record_clocks,
    sentence_of,
    table_of,
)
from tasks.breach.clocks.timers import AT_DUE, AT_ONCE, AT_START, moment_of, timers_for
from tasks.store import Store

HOUR = timedelta(hours=1)
KEY = ("gdpr-33", "notification")


@pytest.fixture
def store(own_store: Store) -> Store:
    """A store of this test's own; GDPR and DORA apply."""
    configure("gdpr-33", "gdpr-34", "dora-19")
    return own_store


def actions(store: Store, incident: Incident, beginning: str = "") -> list[str]:
    """What is on record, in order."""
    done = store.incident(incident.incident_id).actions_taken
    return [each.action for each in done if each.action.startswith(beginning)]


def ring(incident: Incident, point: str = AT_START) -> str | None:
    """The GDPR clock's timer of this point fires."""
    due = moment_of(clock(incident, "/".join(KEY)))
    return ring_clock.directly(str(incident.incident_id), *KEY, due, point)


def test_each_clock_is_on_record_once_with_all_that_counsel_needs(store: Store) -> None:
    """Due time, start, addressee, legal basis and its day; again only what changed."""
    incident = breach(store)
    record_clocks(incident, load_settings())
    record_clocks(incident, load_settings())

    said = actions(store, incident, "clock ")
    assert 5 == len(said)
    [gdpr] = [text for text in said if text.startswith("clock gdpr-33/notification: due ")]
    due = (incident.detected_at + 72 * HOUR).strftime("%Y-%m-%d %H:%M:%S UTC")
    for part in (due, "72 hours from aware", "supervisory authority", "Article 33", "2026-11-01",
                 "assumed"):  # fmt: skip
        assert part in gdpr
    assert any(
        "dora-19/final: not started: needs the latest submission of intermediate" in t for t in said
    )

    say(incident, timestamps={"aware": incident.detected_at - HOUR})
    record_clocks(incident, load_settings())
    assert 7 == len(actions(store, incident, "clock "))  # two moved


def test_everything_that_is_said_is_on_record_with_who(store: Store) -> None:
    """And an event follows, so that the clocks do."""
    incident = breach(store)
    say(incident, facts={"people": 1200, "death": False})
    say(incident, Kind.NOT_APPLICABLE, regime="gdpr-33", reason="encrypted")
    submit(incident, "dora-19", "initial")

    said = [
        each for each in store.incident(incident.incident_id).actions_taken if each.actor == "ada"
    ]
    assert ["regulatory facts set by Ada: people 1200, death no",
            "gdpr-33 does not apply, decided by Ada: encrypted"] == [
        each.action for each in said[:2]
    ]  # fmt: skip
    assert said[2].action.startswith("notification dora-19/initial was submitted at ")
    assert not any(each.automated for each in said)
    assert ["set", "not-applicable", "submitted"] == [
        str(each.kind) for each in changes_of(incident, load_settings())
    ]
    events = [event.event for event in store.lease_events("test")]
    assert 3 == events.count(CLOCKS_CHANGED)


def test_an_unknown_regime_or_deadline_changes_nothing(store: Store) -> None:
    """Nor one that is known but does not apply here."""
    incident = breach(store)
    for regime, deadline in [("sec-8k-1.05", "form-8-k"), ("gdpr-33", "final"), ("../x", "y")]:
        with pytest.raises(InvalidInput):
            submit(incident, regime, deadline)
    assert [] == changes_of(incident, load_settings())


def test_the_targets_that_are_hit_say_which_regimes_apply(store: Store) -> None:
    """Their own instead of the organisation's; each once, over all services."""
    table = """
[targets.{name}]
repository = "."
deploy_command = ["true"]
required_gates = ["tests"]
health = {{ command = ["true"] }}
"""
    own = '[targets.clinic.breach]\nregimes = ["hipaa-164-404", "gdpr-33"]\n'
    configure("gdpr-33", more=table.format(name="shop") + table.format(name="clinic") + own)
    incident = breach(store, service="clinic")
    both = store.update(incident.incident_id, actor="test", add_services=["shop"])

    assert ["hipaa-164-404", "gdpr-33"] == list(regimes_of(incident, load_settings()))
    assert ["hipaa-164-404", "gdpr-33"] == list(regimes_of(both, load_settings()))
    assert ["gdpr-33"] == list(regimes_of(breach(store, service="x"), load_settings()))


def test_without_a_regime_the_record_says_so_loudly(store: Store) -> None:
    """Nobody must believe that a clock runs when no regime is configured."""
    configure()
    assert [] == record_clocks(breach(store), load_settings())
    assert NONE_CONFIGURED == str(Clocks())


def test_timers_before_the_end_and_at_the_end(store: Store) -> None:
    """Three reminders and the alarm; the GDPR's clock for people has none while risk is unknown."""
    incident, now = breach(store), utc_now()
    clocks = [clock(incident, "gdpr-33/notification"), clock(incident, "gdpr-34/communication")]
    end = incident.detected_at + 72 * HOUR
    timers = timers_for(clocks, load_settings().breach.remind_before, now)

    assert [end - 24 * HOUR, end - 4 * HOUR, end - HOUR, end] == [each.at for each in timers]
    say(incident, facts={"high-risk": True})
    (at_once,) = timers_for([clock(incident, "gdpr-34/communication")], [HOUR], now)
    assert (AT_ONCE, now, "at once") == (at_once.point, at_once.at, at_once.due)


@pytest.mark.parametrize(("left", "points"), [(80, 4), (20, 4), (3, 3), (0.5, 2), (-5, 1)])
def test_what_is_past_is_said_at_once(store: Store, left: float, points: int) -> None:
    """One word at the start when less is left than the first reminder wants."""
    incident, now = breach(store, ago=timedelta(hours=72 - left)), utc_now()
    timers = timers_for([clock(incident, "/".join(KEY))], load_settings().breach.remind_before, now)

    assert points == len(timers)
    assert all(each.at >= now for each in timers)
    assert AT_DUE == timers[-1].point
    assert (left == 80) == (timers[0].point not in (AT_START, AT_DUE))


def test_computed_again_later_a_clock_that_spoke_gets_no_second_first_word(store: Store) -> None:
    """The reminder of 24 hours rang; at 20 hours a fact is set."""
    incident, now = breach(store, ago=timedelta(hours=52)), utc_now()
    assert ring(incident)
    spoken = spoken_clocks(incident, load_settings())
    timers = timers_for(
        [clock(incident, "/".join(KEY))], load_settings().breach.remind_before, now, spoken
    )

    assert AT_START not in [each.point for each in timers]


def test_the_table_has_no_markup_of_others(store: Store) -> None:
    """A reason is a person's text."""
    incident = breach(store)
    say(incident, Kind.NOT_APPLICABLE, regime="gdpr-33", reason="<script> [x](y)")
    rows = table_of([clock(incident, "/".join(KEY))], utc_now())

    assert "\\<script\\> \\[x\\](y)" in rows[0]["status"]
    assert "as of 2026-11-01" in rows[0]["legal basis"]


def test_an_established_causal_link_is_said_at_once(store: Store) -> None:
    """And the reminders before the outer limit stay."""
    configure("eu-ai-act-73")
    incident, now = breach(store), utc_now()
    say(incident, timestamps={"causal-link": incident.detected_at})
    timers = timers_for([clock(incident, "eu-ai-act-73/report")], [HOUR], now)

    assert [AT_ONCE, "3600 s before", AT_DUE] == [each.point for each in timers]
    due = timers[0].due
    said = ring_clock.directly(str(incident.incident_id), "eu-ai-act-73", "report", due, AT_ONCE)
    assert said is not None
    assert "at the latest, and without undue delay" in said


def test_identifiers_of_people_in_a_reason_are_masked(store: Store) -> None:
    """In the record, and where the change is kept."""
    incident = breach(store)
    say(incident, Kind.NOT_APPLICABLE, regime="gdpr-33", reason="asked jane@victim.example")

    assert "jane@" not in str(changes_of(incident, load_settings()))
    assert "jane@" not in str(store.incident(incident.incident_id).to_json())


def test_masking_takes_nothing_of_what_a_clock_says(store: Store) -> None:
    """Articles, times and numbers of people are no identifiers."""
    configure(*known_regimes())
    incident = breach(store)
    say(incident, facts={"people": 1_234_567, "records": 98_765_432},
        timestamps=dict.fromkeys(STARTS, incident.detected_at))  # fmt: skip
    clocks = record_clocks(incident, load_settings())

    on_record = actions(store, incident)
    assert all(sentence_of(each) in on_record for each in clocks)
    assert any("people 1234567, records 98765432" in text for text in on_record)
