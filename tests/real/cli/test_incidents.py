"""`aeef incidents`, `ack`, `resolve` and `audit`: what is on record, and moving it forward."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from deployments.cli.terminal import this_user
from fixtures.cli import Aeef
from schemas.incident import Alert, Incident, IncidentType, Severity, Status
from schemas.settings import load_settings
from schemas.validation import validate
from standins.pagerduty import ROUTING_KEY, PagerDuty
from tasks.notify.page_on_call import ensure_page
from tasks.store import Store

UNKNOWN = "3f2a0c1e-9d4b-4c6a-8f1e-5b7d2a9c0e14"


@pytest.fixture
def paged(reported: Incident, pagerduty: PagerDuty, monkeypatch: pytest.MonkeyPatch) -> Incident:
    """An incident whose page PagerDuty has."""
    for name, value in pagerduty.env().items():
        monkeypatch.setenv(name, value)
    ensure_page(reported.incident_id, load_settings(), holder="test")
    return reported


def test_an_empty_list(aeef: Aeef) -> None:
    """It says so to people, and to programs."""
    assert (0, "no incidents\n", "") == aeef("incidents", "list")
    assert [] == aeef("incidents", "list", "--json").json


def test_incidents_are_listed_newest_first(
    aeef: Aeef, reported: Incident, cli_store: Store
) -> None:
    """With status and title; `--open` leaves out what is over."""
    cli_store.set_status(reported.incident_id, Status.RESOLVED, actor="test")
    listed = aeef("incidents", "list")

    assert f"resolved       {reported.title}\n" in listed.out
    assert [cli_store.incident(reported.incident_id).to_json()] == aeef(
        "incidents", "list", "--json"
    ).json
    assert "no incidents\n" == aeef("incidents", "list", "--open").out


def test_a_hostile_text_neither_steers_the_terminal_nor_passes_for_a_line_of_ours(
    aeef: Aeef, cli_store: Store
) -> None:
    """No window title, no cleared terminal, and no timeline that a sender made up."""
    alert = Alert(
        service="shop\x1b]0;owned\x07",
        description="odd\x9b2J\ntimeline:\n  03:00:00  all is well  (Ada)",
        source="\x1b]52;c;cm0=\x07",
    )
    cli_store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1)
    listed = aeef("incidents", "list").out
    [incident] = cli_store.incidents()
    shown = aeef("incidents", "show", str(incident.incident_id)).out

    assert not set(listed + shown) & {"\x1b", "\x07", "\x9b"}
    assert 1 == shown.splitlines().count("timeline:")
    assert "\n  03:00:00" not in shown


def test_an_incident_is_shown_with_its_timeline(aeef: Aeef, reported: Incident) -> None:
    """By the four characters that its title ends with."""
    shown = aeef("incidents", "show", reported.short_id)
    data = aeef("incidents", "show", str(reported.incident_id), "--json").json

    assert str(reported.incident_id) in shown.out
    assert "shop answers 500" in shown.out
    assert "incident opened from test  (test)" in shown.out
    validate("incident", data["incident"])
    assert ["incident opened from test"] == [entry["action"] for entry in data["timeline"]]


@pytest.mark.proves("SPEC-RECORD-schema", "IR-AUDIT")
def test_an_export_is_valid_by_the_spec_s_schema(
    aeef: Aeef, reported: Incident, tmp_path: Path
) -> None:
    """On the terminal, or in a file."""
    file = tmp_path / "record.json"
    printed = aeef("incidents", "export", str(reported.incident_id))
    written = aeef("incidents", "export", str(reported.incident_id), "--output", str(file))

    validate("incident", printed.json)
    assert (0, "") == (written.code, written.out)
    assert printed.json == json.loads(file.read_text()) == reported.to_json()


def test_a_file_that_cannot_be_written_is_one_line(aeef: Aeef, reported: Incident) -> None:
    """No traceback."""
    answer = aeef("incidents", "export", reported.short_id, "--output", "/nowhere/record.json")

    assert (1, "error: /nowhere/record.json cannot be written: No such file or directory\n") == (
        answer.code,
        answer.err,
    )


@pytest.mark.parametrize(
    "command",
    ["incidents show", "incidents export", "ack", "resolve --disposition fixed --root-cause x"],
)
@pytest.mark.parametrize("wanted", [UNKNOWN, "ffff", "ff", "%%%%", "shop"])
def test_an_unknown_id_is_an_error(aeef: Aeef, cli_store: Store, command: str, wanted: str) -> None:
    """One line that says what an id looks like, or that there is none."""
    answer = aeef(*command.split(), "--", wanted)

    assert (1, "", 1) == (answer.code, answer.out, answer.err.count("\n"))
    assert answer.err.startswith("error: ")
    assert "incident" in answer.err


def test_acknowledging_tells_pagerduty(
    aeef: Aeef, paged: Incident, pagerduty: PagerDuty, cli_store: Store
) -> None:
    """The incident is being investigated, a person did it, and PagerDuty stops calling."""
    answer = aeef("ack", paged.short_id)
    incident = cli_store.incident(paged.incident_id)

    assert (0, "") == (answer.code, answer.err)
    assert f"{paged.title}: investigating; you have it since " in answer.out
    assert "acknowledged" == pagerduty.alerts[str(paged.incident_id)].state
    assert Status.INVESTIGATING is incident.status
    assert not incident.actions_taken[-1].automated
    assert this_user() == incident.actions_taken[-1].actor


def test_resolving_tells_pagerduty_and_keeps_the_cause(
    aeef: Aeef, paged: Incident, pagerduty: PagerDuty
) -> None:
    """Over, with reason and root cause on record; done twice it changes nothing more."""
    what = ("--disposition", "fixed", "--root-cause", "a bad flag", "--reason", "flag off")
    arguments = ("resolve", paged.short_id, *what)
    record = aeef(*arguments, "--json").json["incident"]
    again = aeef(*arguments)

    validate("incident", record)
    assert ("resolved", "a bad flag") == (record["status"], record["rootCause"])
    assert "status: open → resolved (fixed: flag off)" == record["actionsTaken"][-1]["action"]
    assert 0 == again.code
    actions = [e["event_action"] for e in pagerduty.alerts[str(paged.incident_id)].events]
    assert ["trigger", "resolve"] == actions


@pytest.mark.parametrize(
    ("command", "status"), [("ack", "investigating"), ("dismiss --reason none", "resolved")]
)
def test_our_record_stands_when_pagerduty_does_not_answer(
    aeef: Aeef, paged: Incident, pagerduty: PagerDuty, command: str, status: str
) -> None:
    """The exit code says that the page may still ring; no secret is printed."""
    pagerduty.echo(400, times=None)
    answer = aeef(*command.split(), "--json", paged.short_id)

    assert (1, status) == (answer.code, answer.json["incident"]["status"])
    assert "on record, but not everywhere yet: PagerDuty" in answer.err
    assert ROUTING_KEY not in answer.out + answer.err


def test_an_intact_audit_log_verifies(aeef: Aeef, reported: Incident, cli_store: Store) -> None:
    """Exit code 0, with the number of entries and the head."""
    seq, head = cli_store.audit_head()

    said = aeef("audit", "verify")
    data = aeef("audit", "verify", "--json").json

    assert (0, "") == (said.code, said.err)
    assert said.out == f"the audit log is intact: {seq} entries; {seq} anchors; head {head}\n"
    assert (seq, head, seq) == (data["entries"], data["head"], data["anchors"])


def test_missing_anchors_are_accepted_with_a_reason(
    aeef: Aeef, reported: Incident, home: Path
) -> None:
    """Until then verifying fails; who accepted them and why is an entry."""
    (home / "audit.anchors").unlink()
    before = aeef("audit", "verify")
    without = aeef("audit", "accept", "--reason", " ")
    done = aeef("audit", "accept", "--reason", "the disk was replaced")
    after = aeef("audit", "verify", "--full")

    assert (1, 2, 0, 0) == (before.code, without.code, done.code, after.code)
    assert f"audit anchors are gone from {home / 'audit.anchors'}" in before.err
    assert "the disk was replaced" in done.out


@pytest.mark.parametrize(
    ("tampering", "named"),
    [
        ("UPDATE aeef_audit SET action = 'nothing' WHERE seq = 2", "entry 2"),
        ("DELETE FROM aeef_audit WHERE seq = 1", "entry 1"),
        ("UPDATE aeef_incidents SET document = replace(document, 'shop', 'till')", "incident"),
    ],
)
def test_tampering_is_found_and_named(
    aeef: Aeef, reported: Incident, home: Path, tampering: str, named: str
) -> None:
    """Exit code 1, and one line that names the first broken link."""
    aeef("ack", reported.short_id)
    with sqlite3.connect(home / "aeef.db") as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (trigger,) in triggers.fetchall():
            database.execute(f"DROP TRIGGER {trigger}")  # they would refuse
        database.execute(tampering)
    database.close()
    answer = aeef("audit", "verify")

    assert (1, "", 1) == (answer.code, answer.out, answer.err.count("\n"))
    assert named in answer.err
