"""`aeef` with a personal token does over HTTP what a responder does; without one, on the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.cli.app import OWN
from deployments.cli.terminal import this_user
from fixtures.cli import Aeef
from fixtures.intake import Intake
from fixtures.people import token_for
from schemas.incident import Incident
from tasks.people.acts import PERSON_ACTS
from tasks.store import Store


@pytest.fixture
def elsewhere(
    aeef: Aeef, intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Intake:
    """The command runs on another machine, as Rob."""
    monkeypatch.setenv("AEEF_HOME", str(tmp_path / "absent"))
    monkeypatch.setenv("AEEF_URL", intake.settings.intake_url)
    monkeypatch.setenv("AEEF_TOKEN", token_for(intake.store, "rob"))
    return intake


def test_every_act_is_a_command(aeef: Aeef) -> None:
    """With its fields as options, and its sentence as help."""
    for name, act in PERSON_ACTS.items():
        answer = aeef(name, "--help")

        assert (0, "") == (answer.code, answer.err)
        for field in act.asks.model_fields if name not in OWN else ():
            assert field.replace("_", "-") in answer.out.lower().replace("_", "-")


def test_a_report_from_another_machine_needs_only_a_personal_token(
    aeef: Aeef, elsewhere: Intake
) -> None:
    """It opens the incident there; what is wrong with the way there is said."""
    reported = aeef("report", "drift", "--service", "shop", "--description", "it differs")

    assert (0, "") == (reported.code, reported.err)
    assert "opened incident #1" in reported.out
    assert ["it differs"] == [each.description for each in elsewhere.incidents()]


def test_on_another_machine_everything_is_over_http(
    aeef: Aeef, elsewhere: Intake, tmp_path: Path
) -> None:
    """Read, act, end; nothing of this machine is looked at, and Rob is on record."""
    incident_id = elsewhere.report(severity="P4", type="drift", service="shop")
    number = elsewhere.store.incident(incident_id).short_id
    done = [
        aeef("ack", number),
        aeef("note", number, "looking at it"),
        aeef("severity", number, "P3", "--reason", "worse"),
        aeef("services", number, "--add", "till", "--add", "mail"),
        aeef("hand-over", number, "ann", "--reason", "shift ends"),
        aeef("resolve", f"#{number}", "--disposition", "fixed", "--root-cause", "a bad flag"),
    ]
    listed = aeef("incidents", "list", "--service", "till")
    shown = aeef("incidents", "show", number)
    record = aeef("incidents", "export", number).json

    assert [0] * len(done) == [each.code for each in done], [each.err for each in done]
    assert f"#{number}" in listed.out
    assert "  ended as  fixed\n" in shown.out
    assert "note: looking at it  (rob (token))" in shown.out
    assert ("resolved", "a bad flag") == (record["status"], record["rootCause"])
    assert not (tmp_path / "absent").exists()


def test_what_the_intake_refuses_is_one_line(
    aeef: Aeef, elsewhere: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1, with the intake's own words."""
    incident_id = elsewhere.report(severity="P4")
    refused = aeef("close", incident_id)
    absent = aeef("ack", "4711", "--json")
    monkeypatch.setenv("AEEF_TOKEN", token_for(elsewhere.store, "rea"))
    reader = aeef("ack", incident_id)
    monkeypatch.setenv("AEEF_TOKEN", "made-up")
    unknown = aeef("ack", incident_id)

    for answer, said in (
        (refused, "resolve it first"),
        (absent, "no incident with the number 4711"),
        (reader, "may not ack"),
        (unknown, "does not take the token in AEEF_TOKEN"),
    ):
        assert (1, "", 1) == (answer.code, answer.out, answer.err.count("\n"))
        assert said in answer.err


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("http://127.0.0.1:1", "t", "cannot be reached"),
        ("aeef.example.com", "t", "as https://aeef.example.com"),
        ("http://127.0.0.1:1", "", "AEEF_TOKEN is not"),
    ],
)
def test_a_wrong_address_or_no_token_is_said(
    aeef: Aeef, monkeypatch: pytest.MonkeyPatch, url: str, token: str, said: str
) -> None:
    """One line, with what to set."""
    monkeypatch.setenv("AEEF_URL", url)
    monkeypatch.setenv("AEEF_TOKEN", token)
    answer = aeef("incidents", "list")

    assert (1, "", 1) == (answer.code, answer.out, answer.err.count("\n"))
    assert said in answer.err


def test_a_login_name_proves_nothing(
    aeef: Aeef, reported: Incident, cli_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever LOGNAME says, the record says that nobody proved it."""
    monkeypatch.setenv("LOGNAME", "ceo")
    answer = aeef("ack", reported.short_id)

    assert 0 == answer.code
    owner = cli_store.lifecycle.standing(reported.incident_id).owner
    assert this_user() == owner
    assert "ceo" not in (owner or "")


def test_what_is_missing_is_named(aeef: Aeef, reported: Incident) -> None:
    """A script of before gets to know what to give now."""
    old = aeef("resolve", reported.short_id)
    half = aeef("resolve", reported.short_id, "--disposition", "fixed")
    both = aeef("resolve", reported.short_id, "--disposition", "fixed", "--root-cause", "a flag")

    assert [1, 1, 0] == [each.code for each in (old, half, both)]
    assert "needs --disposition (fixed, false-alarm, duplicate or accepted" in old.err
    assert "--root-cause" in half.err
