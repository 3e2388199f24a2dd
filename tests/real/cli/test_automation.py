"""`aeef automation`: on, observe and off, on record; and shown wherever somebody looks."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from deployments.up.up import summary
from fixtures.cli import Aeef
from schemas.automation import Act, Mode
from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.settings import load_settings
from tasks.store import Store


@pytest.fixture(autouse=True)
def _targets(home: Path) -> None:
    """Two targets are configured."""
    table = (
        '[targets.{0}]\nrepository = "/srv/{0}"\ndeploy_command = ["./deploy", "{{commit}}"]\n'
        'required_gates = ["tests"]\nhealth = {{ command = ["true"] }}\n'
    )
    Path("aeef.toml").write_text(table.format("shop") + table.format("crm"))


def test_nobody_has_said_anything(aeef: Aeef) -> None:
    """It is on."""
    shown = aeef("automation")

    assert (0, "automation is on\n") == (shown.code, shown.out)
    assert "on" == aeef("automation", "--json").json["mode"]


def test_a_word_is_stored_on_the_audit_log_and_shown(aeef: Aeef, cli_store: Store) -> None:
    """By whom, since when, why; of one target, for a time."""
    aeef("automation", "observe", "--why", "we  get to\nknow it")
    said = aeef("automation", "off", "--target", "shop", "--why", "it moves", "--for", "PT4H")
    shown = aeef("automation")
    data = aeef("automation", "--json").json

    assert said.out.startswith("automation is off for shop since ")
    assert said.out.splitlines()[1] == (
        "what a runbook began before goes on to its end; the next act asks again"
    )
    general, shop = shown.out.splitlines()
    assert general.startswith("automation only observes since ")
    assert general.endswith(": we get to know it")
    assert shop == said.out.splitlines()[0]
    assert ", until " in shop
    assert ["observe", "off", "observe"] == [
        data["mode"], data["targets"]["shop"]["mode"], data["targets"]["crm"]["mode"],
    ]  # fmt: skip
    assert 2 == cli_store.verify_audit().entries


def test_on_everywhere_names_what_stays_off(aeef: Aeef) -> None:
    """Somebody has stopped it for a reason."""
    aeef("automation", "off", "--target", "shop", "--why", "it moves")
    said = aeef("automation", "on", "--why", "all is well", "--json")
    again = aeef("automation", "on", "--why", "all is well")
    named = aeef("automation", "on", "--target", "shop", "--why", "moved")

    assert "on" == said.json["mode"]
    assert "still automation is off for shop since " in again.out
    assert "`aeef automation on --target shop --why …` changes that" in again.out
    assert "still" not in named.out
    assert aeef("automation").out.splitlines()[0].startswith("automation is on since ")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["off"], "--why"),
        (["off", "--why", "  "], "say why"),
        (["off", "--why", "x" * 501], "at most 500 characters"),
        (["off", "--why", "x", "--target", "shpo"], "no target 'shpo' is configured"),
        (["off", "--why", "x", "--for", "soon"], "'soon' is no duration: PT4H is four hours"),
        (["off", "--why", "x", "--for", "PT0S"], "more than nothing"),
        (["off", "--why", "x", "--for", "-PT1H"], "more than nothing"),
        (["off", "--why", "x", "--for", "P9999D"], "a year at most"),
        (["sometimes", "--why", "x"], "sometimes"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    aeef: Aeef, cli_store: Store, arguments: list[str], problem: str
) -> None:
    """With the remedy, and nothing is on record."""
    told = aeef("automation", *arguments)

    assert 0 != told.code
    assert problem in " ".join(told.err.replace("│", " ").split())
    assert 0 == cli_store.verify_audit().entries


def test_how_much_of_the_limits_is_used_up(aeef: Aeef, cli_store: Store) -> None:
    """For each target."""
    alert = Alert(description="x", dedup_key=str(uuid4()))
    incident = cli_store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P4).incident
    cli_store.begin_act(incident.incident_id, Act.ROLLBACK, "shop", actor="ada", limit=None)

    assert aeef("automation").out.splitlines()[1:] == [
        "  shop: rollback: 1 in the last hour (limit 3), 1 in the last day (limit 6)"
    ]
    acts = aeef("automation", "--json").json["targets"]["shop"]["acts"]
    assert {"lastHour": 1, "perHour": 3, "lastDay": 1, "perDay": 6} == acts["rollback"]
    assert {"lastHour": 0, "perHour": 5, "lastDay": 0, "perDay": 20} == acts["freeze"]


def test_it_is_shown_wherever_somebody_looks(
    aeef: Aeef, cli_store: Store, reported: Incident
) -> None:
    """The list, the incident, the doctor, and `aeef up`; for another target it is not."""
    assert "automation" not in aeef("incidents", "list").out
    cli_store.set_automation(Mode.OBSERVE, target="shop", why="w", actor="anna")
    words = str(cli_store.automation().of("shop"))
    shown = aeef("incidents", "show", str(reported.incident_id))
    data = aeef("incidents", "show", str(reported.incident_id), "--json").json
    (found,) = [each for each in aeef("doctor", "--json").json if each["check"] == "automation"]
    cli_store.set_automation(Mode.OFF, target="crm", why="w", actor="anna")
    alone = aeef("incidents", "show", str(reported.incident_id))

    assert words in aeef("incidents", "list").out.splitlines()
    assert f"  {words}" in shown.out.splitlines()
    assert words == data["automation"]
    assert {"check": "automation", "outcome": "NOT ON", "detail": words} == found
    assert words in summary(load_settings(), ready=True)
    assert "crm" not in alone.out
