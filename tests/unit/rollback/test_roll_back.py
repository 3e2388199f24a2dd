"""A rollback: the order of the steps, the lock, and its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.canned_steps import CannedSteps
from schemas.errors import RollbackError, TargetError
from schemas.incident import Status
from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Settings, Target
from tasks.base.file_lock import try_to_hold
from tasks.rollback.roll_back import dry_run_text, plan_rollback, roll_back, roll_back_on_request

GOOD = "a" * 40
PLAN = RollbackPlan(target="shop", to_commit=GOOD, chosen_because="it is good")
DEPLOYED = DeployedRelease(target="shop", commit=GOOD, healthy_after=1.0, changed=True)
CHOOSE, DEPLOY, RECORD = "choose release", "deploy release", "record rollback"


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A target; its repository is only a folder."""
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    return Target.model_validate(
        {
            "name": "shop",
            "repository": tmp_path / "shop",
            "deploy_command": ["true"],
            "health": {"command": ["true"]},
            "required_gates": ["tests"],
        }
    )


@pytest.fixture
def settings(home: Path) -> Settings:
    """Our own directory is a fresh one."""
    return Settings(home=home)


def is_locked(target: Target) -> bool:
    """True while somebody holds the target's rollback lock."""
    with (target.repository / ".git" / "aeef" / "rollback.lock").open("a") as file:
        return not try_to_hold(file.fileno())


def test_choose_deploy_record_while_nobody_else_does(target: Target, settings: Settings) -> None:
    """On request its incident is resolved afterwards, without the lock."""
    do = CannedSteps({CHOOSE: PLAN, DEPLOY: DEPLOYED}, look=lambda: is_locked(target))

    assert DEPLOYED == roll_back_on_request(do, target, settings, "ada", GOOD)

    assert [
        (CHOOSE, ("shop", GOOD)),
        (DEPLOY, (PLAN, "ada")),
        (RECORD, (PLAN, DEPLOYED)),
        ("change the status", (Status.RESOLVED, "the rollback is complete")),
    ] == do.done
    assert [True, True, True, False] == do.seen


def test_drift_has_a_release_deployed_once_more(target: Target, settings: Settings) -> None:
    """Even if the commit already runs."""
    do = CannedSteps({CHOOSE: PLAN, DEPLOY: DEPLOYED})

    roll_back(do, target, settings, recreate=True)

    assert do.done[1] == (DEPLOY, (PLAN.model_copy(update={"recreate": True}), ""))


def test_what_is_wrong_with_the_target_stops_a_rollback(target: Target, settings: Settings) -> None:
    """Only a rollback adds the stage; the rest of the text is that of the target's error."""
    do = CannedSteps({CHOOSE: PLAN, DEPLOY: TargetError("health", "not good")})

    with pytest.raises(RollbackError) as caught:
        roll_back(do, target, settings)

    assert "rollback stopped at 'health': not good" == str(caught.value)
    assert "health" == caught.value.stage
    with pytest.raises(RollbackError, match=r"^rollback stopped at 'open repository': .*/shop is"):
        plan_rollback(target)


def test_a_plan_says_what_would_be_weaker() -> None:
    """Each remark on a line of its own, below what would be done."""
    plan = PLAN.model_copy(update={"remarks": ["one", "two"]})

    assert dry_run_text(plan).startswith(f"would roll shop back to {PLAN.to_commit}: ")
    assert dry_run_text(plan).endswith("\n  one\n  two")
