"""`aeef armed`: which levers would work, as they were tried last."""

from __future__ import annotations

from pathlib import Path

from fixtures.cli import Aeef
from tasks.armed.lever import Lever, Outcome, Tried
from tasks.armed.table import keep


def test_the_table_is_shown(aeef: Aeef, home: Path) -> None:
    """In words or as JSON; exit code 1 while a lever would not work, or none was tried."""
    never = aeef("armed")
    lever = Lever("target shop", lambda: "")
    keep([Tried(lever, Outcome.DISARMED, "read-only")], home, all_of_them=True)
    disarmed, data = aeef("armed"), aeef("armed", "--json")
    keep([Tried(lever, Outcome.ARMED, "could go back")], home, all_of_them=True)
    armed = aeef("armed")

    assert (1, 1, 1, 0) == (never.code, disarmed.code, data.code, armed.code)
    assert "no lever was tried yet" in never.out
    assert disarmed.out.startswith("armed 0 of 1; not since ")
    assert "read-only" in disarmed.out
    assert ("target shop", "FAILED") == (
        data.json["rows"][0]["lever"],
        data.json["rows"][0]["outcome"],
    )
    assert "armed 1 of 1 (tried at" in armed.out
