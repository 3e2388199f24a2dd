"""`aeef isolate` and `aeef restore`: without Prefect, on record, and with every mistake."""

from __future__ import annotations

from pathlib import Path

from fixtures.cli import Aeef
from samples.isolation import IsolationSample
from schemas.incident import Status
from schemas.settings import load_settings
from tasks.store import open_store

APPROVER = "Ada Lovelace"


def test_isolated_and_restored_by_hand(aeef: Aeef, shop: IsolationSample) -> None:
    """Both on the record of one incident, with evidence."""
    before = shop.settings(shop.container("web"))

    planned = aeef("isolate", "--service", "web", "--dry-run")
    assert 0 == planned.code
    assert "would isolate" in planned.out
    assert shop.answers()

    done = aeef("isolate", "--target", shop.target.name, "--reason", "strange", "--json")
    assert 0 == done.code, done.err
    assert ["db", "web"] == done.json["services"]
    assert not shop.answers()

    planned = aeef("restore", "--approver", APPROVER, "--dry-run")
    assert "would restore" in planned.out
    assert not shop.answers()
    done = aeef("restore", "--approver", APPROVER)
    assert 0 == done.code, done.err
    assert before == shop.settings(shop.container("web"))

    [incident] = open_store(load_settings()).incidents()
    said = "\n".join(each.action for each in incident.actions_taken)
    assert Status.MITIGATED is incident.status
    assert "files of evidence of 2 containers before isolation" in said
    assert f"isolated {shop.target.name}, verified" in said
    assert f"approved by local user {APPROVER}, not proven" in said


def test_on_the_record_of_another_incident(
    aeef: Aeef, shop: IsolationSample, shop_incident: str
) -> None:
    """`--incident`."""
    assert 0 == aeef("isolate", "--service", "db", "--incident", shop_incident).code

    [incident] = open_store(load_settings()).incidents()
    assert shop_incident == str(incident.incident_id)


def test_mistakes_are_one_line_and_page_nobody(aeef: Aeef, shop: IsolationSample) -> None:
    """A stranger, nothing to undo, nobody who approves: and there is no incident."""
    for arguments, said in (
        (["isolate", "--service", "; rm -rf /"], "is no service of target"),
        (["isolate", "--target", "../x"], "'../x'"),
        (["restore", "--approver", APPROVER], "there is nothing to restore"),
        (["restore", "--approver", ""], "name the person who approves"),
    ):
        answer = aeef(*arguments)
        assert 1 == answer.code
        assert said in answer.err
        assert 1 == answer.err.count("\n")
    assert [] == open_store(load_settings()).incidents()
    assert shop.answers()


def test_a_failure_is_told_and_paged(aeef: Aeef, shop: IsolationSample, home: Path) -> None:
    """Here nobody can be reached, which is printed too; the isolation is still done."""
    (home / "evidence").write_text("in the way")

    answer = aeef("isolate")

    assert 1 == answer.code
    assert "error: " in answer.err
    assert not shop.answers()
    [incident] = open_store(load_settings()).incidents()
    assert any("FAILED: " in each.action for each in incident.actions_taken)
