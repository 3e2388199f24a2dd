"""A person wants a run tried again: asked for once, on record, and only when one failed."""

from __future__ import annotations

from uuid import uuid4

import pytest

from fixtures.intake import Intake
from schemas.errors import NotPossibleNow
from schemas.incident import Phase
from schemas.people import Actor, Method, Person, Role
from tasks.people.acts import perform
from tasks.store.claim_keys import RETRY
from tasks.store.progress import note_progress

ROB = Actor("rob", Method.TOKEN, Person(name="rob", roles=(Role.RESPONDER,)))
FLOW = "deployment-failure"


def noted(intake: Intake, incident_id: str, phase: Phase, run: str) -> None:
    """A state of a run."""
    note_progress(
        incident_id, intake.settings, flow=FLOW, mark=f"{run}:{phase.name}", phase=phase, said="x"
    )


def test_a_failed_run_is_asked_for_once(intake: Intake) -> None:
    """Pressed twice it is one wish, until the dispatcher has seen to it."""
    incident_id, run = intake.report(service="shop"), str(uuid4())
    noted(intake, incident_id, Phase.FAILED, run)
    first = perform("retry", incident_id, {}, ROB, intake.settings)
    second = perform("retry", incident_id, {}, ROB, intake.settings)

    assert (True, False) == (first.changed, second.changed)
    assert [run] == [
        holder.removeprefix("run ") for _, holder in intake.store.unfinished_claims(RETRY)
    ]
    assert 1 == sum(each.startswith("asked for a retry") for each in intake.actions(incident_id))


def test_where_nothing_failed_nothing_is_tried_again(intake: Intake) -> None:
    """Neither while it works, nor when it is done."""
    incident_id, run = intake.report(service="shop"), str(uuid4())
    for phase in (Phase.WORKING, Phase.DONE):
        noted(intake, incident_id, phase, run)
        with pytest.raises(NotPossibleNow, match="no run of this incident has failed"):
            perform("retry", incident_id, {}, ROB, intake.settings)
