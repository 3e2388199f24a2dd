"""Keeping and forgetting as an administrator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.cli import Aeef
from schemas.errors import NotAllowed
from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.people import Actor, Method, Person, Role
from schemas.settings import load_settings
from tasks.base.file_lock import file_lock
from tasks.incident.keep_original import keep_original
from tasks.people.acts import perform
from tasks.store import Store

EMAIL = "bob@example.com"


def masked(store: Store) -> Incident:
    """An incident whose alert names somebody."""
    alert = Alert(description=f"{EMAIL} cannot sign in", service="shop", source="test")
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P4)
    keep_original(opened, alert, load_settings())
    return opened.incident


def test_holds_are_put_listed_and_released(aeef: Aeef, reported: Incident) -> None:
    """One incident, or what fits; a reason is asked for; what is wrong is one line."""
    number = reported.short_id
    assert "needs --reason" in aeef("hold", "add", number).err
    assert "under legal hold 1" in aeef("hold", "add", number, "--reason", "court").out
    assert "not both" in aeef("hold", "add", number, "--service", "x", "--reason", "r").err
    assert "say what is held" in aeef("hold", "add", "--reason", "everything").err
    added = aeef("hold", "add", "--severity", "P1,P2", "--reason", "regulator", "--json")
    assert {"severity": ["P1", "P2"]} == added.json["wanted"]
    shown = aeef("hold", "list").out

    assert "court" in shown
    assert "incidents with severity P1, P2: regulator" in shown
    released = aeef("hold", "release", "2", "--reason", "settled")
    assert "released" in released.out
    assert [1] == [each["number"] for each in aeef("hold", "list", "--json").json]
    assert 2 == len(aeef("hold", "list", "--all", "--json").json)
    ended = aeef("end-hold", number, "--reason", "settled, too").out
    assert "legal hold 1 released" in ended
    assert "nothing is held" in aeef("hold", "list").out
    assert 1 == aeef("end-hold", number, "--reason", "again").code


def test_only_administrators_hold_and_erase(aeef: Aeef, reported: Incident) -> None:
    """Whichever way it comes in."""
    rob = Actor("rob", Method.TOKEN, Person(name="rob", roles=(Role.RESPONDER,)))
    for act in ("legal-hold", "end-hold", "erase-original"):
        with pytest.raises(NotAllowed, match="admin"):
            perform(act, reported.short_id, {"reason": "r"}, rob, load_settings())
    assert 0 == aeef("retention", "status").code


def test_an_original_is_read_on_record_and_erased_for_ever(
    aeef: Aeef, cli_store: Store, home: Path
) -> None:
    """The evidence verifies as before, and nobody reads it any longer."""
    incident = masked(cli_store)
    shown = aeef("retention", "original", incident.short_id)
    assert EMAIL in shown.out
    last = cli_store.timeline(incident.incident_id)[-1]
    assert "Read: 1 original alerts" == last.action

    assert 1 == aeef("retention", "erase", incident.short_id).code
    done = aeef("retention", "erase", incident.short_id, "--reason", "asked for")

    assert "nobody can read its original" in done.out
    assert "was erased" in aeef("retention", "original", incident.short_id).err
    assert (home / "evidence" / str(incident.incident_id) / "original-alert.sealed").exists()
    masked(cli_store)
    assert 1 == len(list((home / "evidence").glob("*/original-alert*")))
    assert "as the original was erased" in aeef("incidents", "show", incident.short_id).out
    assert 0 == aeef("audit", "verify").code


def test_status_disposal_and_backups_say_what_they_did(
    aeef: Aeef, cli_store: Store, tmp_path: Path
) -> None:
    """In words and as JSON."""
    masked(cli_store)
    backup = tmp_path / "b.tar"

    assert "P1: 5 years after its end" in aeef("retention", "status").out
    assert "reviews by the calendar: 3 years" in aeef("retention", "status").out
    assert 5 == aeef("retention", "status", "--json").json["years"]["P2"]
    nothing = {"due": [], "stays": 0, "dueReviews": []}
    assert nothing == aeef("retention", "dispose", "--dry-run", "--json").json
    assert "disposed of 0 incidents" in aeef("retention", "dispose").out
    with file_lock(load_settings().home / "disposal.lock"):
        assert "another process" in aeef("retention", "dispose").err
    assert "give -o FILE" in aeef("backup").err
    assert "1 incidents" in aeef("backup", "-o", str(backup)).out
    assert "its audit log is intact" in aeef("restore-backup", str(backup), "--check").out
    assert "is not empty" in aeef("restore-backup", str(backup)).err
    assert "there is no file" in aeef("restore-backup", str(tmp_path / "none")).err
    assert "is not a database URL" in aeef("store", "move", "--to", "nonsense").err
