"""`aeef confirm`: one person's yes, or no, to what was only guessed. Prefect is away here."""

from __future__ import annotations

import pytest

import deployments.cli.confirm
from fixtures.cli import Aeef
from schemas.incident import Alert, Incident, IncidentType, Severity, TypeSource
from tasks.store import Store

FROM = "'data breach' in the name DataBreachSuspected"


@pytest.fixture
def guess(cli_store: Store, monkeypatch: pytest.MonkeyPatch) -> Incident:
    """An incident that is only guessed to be a data breach; its run is not waited for."""
    monkeypatch.setattr(deployments.cli.confirm, "LOOKS", 1)
    alert = Alert(description="odd", service="shop", source="test")
    opened = cli_store.open_or_attach(
        alert,
        IncidentType.DATA_BREACH,
        Severity.P1,
        source=TypeSource.GUESS,
        guessed_from=FROM,
    )
    return opened.incident


def test_a_person_sees_that_it_waits_confirms_and_hears_that_prefect_is_away(
    aeef: Aeef, cli_store: Store, guess: Incident
) -> None:
    """It is on record with the person, and goes on later; a second time is harmless."""
    shown = aeef("incidents", "show", guess.short_id)
    as_json = aeef("incidents", "show", guess.short_id, "--json").json
    first = aeef("confirm", guess.short_id)
    second = aeef("confirm", guess.short_id)

    assert f"type      data-breach (guessed from {FROM}); nobody says so" in shown.out
    assert f"`aeef confirm {guess.short_id}`" in shown.out
    assert ("guess", FROM) == (as_json["typeSource"], as_json["guessedFrom"])
    assert 0 == first.code
    assert "NO RUN HAS STARTED YET: Prefect's server does not answer" in first.out
    assert f"aeef isolate --incident {guess.short_id}" in first.out
    assert (0, "answered before") == (second.code, second.out.partition("was ")[2][:15])
    assert "a person says so" in aeef("incidents", "show", guess.short_id).out
    action = cli_store.incident(guess.incident_id).actions_taken[-1]
    assert ("type confirmed: it is data-breach", False) == (action.action[:33], action.automated)


def test_a_person_says_that_it_is_none(aeef: Aeef, cli_store: Store, guess: Incident) -> None:
    """Then nothing is isolated, and no other runbook starts."""
    said = aeef("confirm", guess.short_id, "--no", "--json")

    assert ("unknown", "person", True) == tuple(
        said.json[key] for key in ("type", "typeSource", "isNew")
    )
    assert "Nothing is isolated" in said.json["outcome"]
    assert 1 == cli_store.pending_events()  # only that it was opened


def test_it_may_be_something_else(aeef: Aeef, cli_store: Store, guess: Incident) -> None:
    """Which of the two is meant has to be clear."""
    both = aeef("confirm", guess.short_id, "--no", "--type", "security")
    said = aeef("confirm", guess.short_id, "--type", "security")

    assert 2 == both.code
    assert 0 == said.code
    assert "security" == cli_store.incident(guess.incident_id).type


def test_what_cannot_be_confirmed_is_an_error(aeef: Aeef, reported: Incident) -> None:
    """The sender's word needs no other; and what is over is over."""
    word = aeef("confirm", reported.short_id)
    aeef("dismiss", reported.short_id, "--reason", "a test")
    over = aeef("confirm", reported.short_id)

    assert (1, 1) == (word.code, over.code)
    assert "nothing to confirm: the sender says" in word.err
    assert "is resolved" in over.err
