"""A step that is run directly: recorded for a runbook, or for the person who runs it by hand."""

from __future__ import annotations

import pytest

from schemas.errors import AeefError
from schemas.figures import Moment
from schemas.incident import Status
from schemas.release import DeployedRelease
from schemas.settings import load_settings
from tasks.agents.suspend_agent import suspend_agent
from tasks.breach.revoke_credentials import revoke_credentials
from tasks.case import RUNBOOK, Case
from tasks.do import Directly
from tasks.incident.change_status import change_status
from tasks.incident.open_by_hand import open_for_rollback
from tasks.isolation.isolate_service import isolate_service
from tasks.patch.deploy_hotfix import deploy_planned
from tasks.rollback.roll_back import deploy_rollback
from tasks.step import STEPS, Step, step
from tasks.store import Store


@step("try it", says=str, timeout=30)
def attempt(case: Case, works: bool) -> str:
    """Works, or does not."""
    if not works:
        raise AeefError("no")
    return f"{case.actor} did it"


@pytest.mark.parametrize(("person", "actor"), [(None, RUNBOOK), ("ada", "ada")])
def test_the_record_says_who_did_it(own_store: Store, person: str | None, actor: str) -> None:
    """Also that it failed, and each time that it is done."""
    incident = open_for_rollback("shop", "ada", load_settings())
    do = Directly(str(incident.incident_id), person)

    do(attempt, True)
    do(attempt, True)
    with pytest.raises(AeefError):
        do(attempt, False)
    do(change_status, Status.MITIGATED, "it is good")

    found = own_store.incident(incident.incident_id)
    done = [each for each in found.actions_taken if "did it" in each.action]
    failed = [each for each in found.actions_taken if "FAILED: try it: no" in each.action]
    assert ([f"{actor} did it"] * 2, 1) == ([each.action for each in done], len(failed))
    written = [*done, *failed, found.actions_taken[-1]]
    assert {(actor, person is None)} == {(each.actor, each.automated) for each in written}
    assert Status.MITIGATED is found.status


@step("contain it", says=str, timeout=30, contains=lambda worked: worked == "True")
def contain(_case: Case, works: bool) -> str:
    """Was seen to work, or not."""
    return str(works)


@pytest.mark.parametrize("person", [None, "ada"])
def test_what_was_seen_to_work_has_contained_it(own_store: Store, person: str | None) -> None:
    """Then first, and by whom; what was not seen to has not."""
    incident = open_for_rollback("shop", "ada", load_settings()).incident_id
    do = Directly(str(incident), person)
    do(contain, False)
    assert Moment.CONTAINED not in own_store.moments.of(incident)[0].at
    do(contain, True)
    first = own_store.moments.of(incident)[0]
    do(contain, True)

    assert first == own_store.moments.of(incident)[0]
    assert (Moment.CONTAINED in first.by_machine) is (person is None)


def test_which_steps_contain() -> None:
    """A freeze alone stops no damage, and what only foresees changes nothing."""
    of_ours = {each.name for each in STEPS if each.contains is not change_status.contains}

    assert of_ours - {contain.name} == {
        isolate_service.name,
        suspend_agent.name,
        revoke_credentials.name,
        deploy_rollback.name,
        deploy_planned.name,
    }


@pytest.mark.parametrize("deploys", [deploy_rollback, deploy_planned])
@pytest.mark.parametrize(("changed", "verified"), [(True, True), (True, False), (False, True)])
def test_a_release_that_was_not_seen_to_run_contains_nothing(
    deploys: Step[..., DeployedRelease], changed: bool, verified: bool
) -> None:
    """Healthy may be the one that was to be replaced."""
    release = DeployedRelease(
        target="shop", commit="b" * 40, changed=changed, verified=verified, healthy_after=1.0
    )

    assert (changed and verified) is deploys.contains(release)
