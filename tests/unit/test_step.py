"""A step that is run directly: recorded for a runbook, or for the person who runs it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import AeefError
from schemas.incident import Status
from schemas.settings import load_settings
from tasks.case import RUNBOOK, Case
from tasks.do import Directly
from tasks.incident.change_status import change_status
from tasks.incident.open_by_hand import open_for_rollback
from tasks.step import step
from tasks.store import Store, open_store


@step("try it", says=str, timeout=30)
def attempt(case: Case, works: bool) -> str:
    """Works, or does not."""
    if not works:
        raise AeefError("no")
    return f"{case.actor} did it"


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.mark.parametrize(("person", "actor"), [(None, RUNBOOK), ("ada", "ada")])
def test_the_record_says_who_did_it(store: Store, person: str | None, actor: str) -> None:
    """Also that it failed, and each time that it is done."""
    incident = open_for_rollback("shop", "ada", load_settings())
    do = Directly(str(incident.incident_id), person)

    do(attempt, True)
    do(attempt, True)
    with pytest.raises(AeefError):
        do(attempt, False)
    do(change_status, Status.MITIGATED, "it is good")

    found = store.incident(incident.incident_id)
    done = [each for each in found.actions_taken if "did it" in each.action]
    failed = [each for each in found.actions_taken if "FAILED: try it: no" in each.action]
    assert ([f"{actor} did it"] * 2, 1) == ([each.action for each in done], len(failed))
    written = [*done, *failed, found.actions_taken[-1]]
    assert {(actor, person is None)} == {(each.actor, each.automated) for each in written}
    assert Status.MITIGATED is found.status
