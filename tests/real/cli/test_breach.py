"""`aeef breach`: lists clocks, sets facts, records notifications; all on record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.cli import Aeef
from samples.breach import breach, clock, configure
from schemas.incident import Incident
from schemas.model import utc_now
from schemas.settings import load_settings
from standins.pagerduty import PagerDuty
from tasks.breach.clocks.ring_clock import ring_clock
from tasks.breach.clocks.timers import AT_DUE, moment_of
from tasks.store import Store


@pytest.fixture
def incident(cli_store: Store) -> Incident:
    """A breach; GDPR and NIS2 apply."""
    configure("gdpr-33", "nis2-23")
    return breach(cli_store, ago=timedelta(hours=1))


def said(store: Store, incident: Incident) -> list[str]:
    """What is on record."""
    return [each.action for each in store.incident(incident.incident_id).actions_taken]


def test_clocks_are_listed_with_the_time_left(aeef: Aeef, incident: Incident) -> None:
    """For people and for programs."""
    shown = aeef("breach", "clocks", incident.short_id)
    data = aeef("breach", "clocks", incident.short_id, "--json").json

    assert 0 == shown.code
    assert "gdpr-33/notification: 2 d 22 h left" in shown.out
    assert "(assumed: when it was detected)" in shown.out
    assert "Article 33, as of 2026-11-01" in shown.out
    assert "prepared for counsel, not legal advice" in shown.out
    assert ["gdpr-33/notification", "nis2-23/early-warning", "nis2-23/notification",
            "nis2-23/final"] == [
        f"{each['deadline']['regime']}/{each['deadline']['name']}" for each in data["clocks"]
    ]  # fmt: skip
    assert "not started" == data["clocks"][3]["standing"]
    assert not any(each["overdue"] for each in data["clocks"])


def test_facts_are_set_and_move_the_clocks(
    aeef: Aeef, incident: Incident, cli_store: Store
) -> None:
    """With the person's name."""
    aware = (incident.detected_at - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    done = aeef("breach", "set", incident.short_id, "--aware", aware, "--people", "1200",
                "--high-risk", "--no-malicious", "--by", "Ada Lovelace", "--json")  # fmt: skip

    assert 0 == done.code, done.err
    known = done.json["situation"]
    assert {"people": 1200, "high-risk": True, "malicious": False} == known["facts"]
    assert ["discovered"] == known["assumed"]
    due = clock(incident, "gdpr-33/notification").deadline.due_at
    assert due == incident.detected_at.replace(microsecond=0) + timedelta(hours=70)
    assert any(text.startswith("regulatory facts set by Ada Lovelace: aware ")
               for text in said(cli_store, incident))  # fmt: skip


def test_a_submission_stops_one_clock_starts_the_next_and_silences_the_pager(
    aeef: Aeef, cli_store: Store, pagerduty: PagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NIS2, late; then it is taken back."""
    for name, value in pagerduty.env().items():
        monkeypatch.setenv(name, value)
    configure("gdpr-33", "nis2-23")
    incident = breach(cli_store, ago=timedelta(hours=80))
    due = moment_of(clock(incident, "nis2-23/notification"))
    ring_clock.directly(str(incident.incident_id), "nis2-23", "notification", due, AT_DUE)
    [key] = pagerduty.alerts
    assert "triggered" == pagerduty.alerts[key].state

    done = aeef("breach", "submitted", incident.short_id, "nis2-23", "notification", "--by", "Ada")

    assert 0 == done.code, done.err
    assert "nis2-23/notification: submitted" in done.out
    assert "by Ada, LATE" in done.out
    assert "nis2-23/final: 30 d" in done.out or "nis2-23/final: 29 d" in done.out
    assert "resolved" == pagerduty.alerts[key].state
    back = aeef("breach", "reopen", incident.short_id, "nis2-23", "notification",
                "--by", "Ada", "--reason", "the wrong form")  # fmt: skip
    assert "nis2-23/notification: OVERDUE by 8 h" in back.out
    assert "nis2-23/final: not started" in back.out


def test_a_regime_that_does_not_apply_needs_a_person_and_a_reason(
    aeef: Aeef, incident: Incident, cli_store: Store
) -> None:
    """Both are on record."""
    where = ("breach", "not-applicable", incident.short_id, "gdpr-33")
    assert 0 != aeef(*where, "--reason", "encrypted").code
    assert 0 != aeef(*where, "--by", "Ada").code
    assert 1 == aeef(*where, "--by", "Ada", "--reason", " ").code
    assert 1 == aeef(*where, "--by", " ", "--reason", "encrypted").code

    done = aeef(*where, "--by", "Ada", "--reason", "encrypted, the key is safe")

    assert "gdpr-33/notification: does not apply, decided by Ada: encrypted" in done.out
    assert "gdpr-33 does not apply, decided by Ada: encrypted, the key is safe" in said(
        cli_store, incident
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("set",), "nothing to set"),
        (("set", "--aware", "yesterday"), "2026-11-24T10:00Z"),
        (("set", "--aware", "2026-11-24T10:00"), "needs its zone"),
        (("set", "--aware", "9999-12-31T23:59-12:00"), "2026-11-24T10:00Z"),
        (("set", "--aware", "1970-01-01T00:00Z"), "before the year 2000"),
        (("set", "--aware", "FUTURE"), "is in the future; it is "),
        (("submitted", "hipaa-164-404", "hhs", "--by", "Ada"), "there are: gdpr-33, nis2-23"),
        (("submitted", "nis2-23", "; rm -rf /", "--by", "Ada"), "it has: early-warning"),
        (("not-applicable", "<!channel>", "--by", "Ada", "--reason", "x"), "there are: gdpr-33"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(
    aeef: Aeef, incident: Incident, cli_store: Store, arguments: tuple[str, ...], message: str
) -> None:
    """Exit code 1, no traceback, nothing on record."""
    future = (utc_now() + timedelta(days=1)).isoformat()
    command, *more = (future if each == "FUTURE" else each for each in arguments)
    before = said(cli_store, incident)

    answer = aeef("breach", command, incident.short_id, *more)

    assert 1 == answer.code
    assert message in answer.err
    assert 1 == answer.err.count("\n")
    assert before == said(cli_store, incident)


def test_without_regimes_it_says_what_to_set(aeef: Aeef, cli_store: Store) -> None:
    """And a regime that is unknown stops the start."""
    configure()
    incident = breach(cli_store)
    assert "set [breach] regimes" in aeef("breach", "clocks", incident.short_id).out
    Path("aeef.toml").write_text('[breach]\nregimes = ["gdpr"]\n')
    answer = aeef("breach", "clocks", incident.short_id)
    table = '[targets.shop]\nrepository = "."\ndeploy_command = ["true"]\n'
    table += 'required_gates = ["tests"]\nhealth = { command = ["true"] }\n'
    Path("aeef.toml").write_text(table + 'breach = { regimes = ["gdpr"] }\n')
    assert "there is no regime 'gdpr'" in aeef("breach", "clocks", incident.short_id).err
    assert (1, True) == (answer.code, "there is no regime 'gdpr'; known are" in answer.err)
    Path("aeef.toml").write_text("")
    assert load_settings().breach.regimes == ()
