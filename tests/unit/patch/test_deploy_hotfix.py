"""Deploying a hotfix: the order of the steps, also for an isolated service."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.canned_steps import CannedSteps
from schemas.errors import PatchError, TargetError
from schemas.patch import PreparedPatch
from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Settings, Target
from tasks.isolation.journal import begin_isolation, note_command
from tasks.patch.deploy_hotfix import deploy_hotfix

BASE, HOTFIX = "a" * 40, "b" * 40
PATCH = PreparedPatch(target="shop", base=BASE, branch="hotfix/1", commit=HOTFIX)
PLAN = RollbackPlan(target="shop", to_commit=HOTFIX, chosen_because="it is approved")
DEPLOYED = DeployedRelease(target="shop", commit=HOTFIX, healthy_after=1.0, changed=True)
CHOOSE, DEPLOY, RECORD = "check the hotfix", "deploy the hotfix", "record the hotfix"
CHECK, RESTORE = "check the isolation", "restore the service"


@pytest.fixture
def settings(home: Path, tmp_path: Path) -> Settings:
    """One target, whose repository is only a folder."""
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    target = Target.model_validate(
        {
            "name": "shop",
            "repository": tmp_path / "shop",
            "deploy_command": ["true"],
            "health": {"command": ["true"]},
            "required_gates": ["tests"],
        }
    )
    return Settings(home=home, targets={"shop": target})


def isolate(settings: Settings) -> None:
    """The service `web` is isolated."""
    journal = begin_isolation("shop", "an incident", settings.home)
    note_command(journal, "web", settings.home)


def test_chosen_deployed_recorded(settings: Settings) -> None:
    """What is not isolated needs no restoration."""
    do = CannedSteps({CHOOSE: PLAN, DEPLOY: DEPLOYED})

    assert DEPLOYED == deploy_hotfix(do, PATCH, "Ada", settings)

    assert [(CHOOSE, (PATCH,)), (DEPLOY, (PLAN, "Ada")), (RECORD, (PATCH, DEPLOYED))] == do.done


def test_what_is_isolated_returns_with_the_hotfix(settings: Settings) -> None:
    """Under the same approval, and not by a name."""
    isolate(settings)
    do = CannedSteps({CHOOSE: PLAN, DEPLOY: DEPLOYED})

    deploy_hotfix(do, PATCH, "Ada (token)", settings, "the approval's id")

    assert [CHOOSE, DEPLOY, RECORD, RESTORE] == do.names
    assert (RESTORE, ("shop", (), "", "the approval's id")) == do.done[-1]


@pytest.mark.parametrize(
    ("fails", "error", "done"),
    [
        (CHOOSE, PatchError("something else runs"), [CHOOSE, CHECK]),
        (DEPLOY, TargetError("health", "not good"), [CHOOSE, DEPLOY, CHECK]),
    ],
)
def test_a_hotfix_that_fails_leaves_the_isolation(
    settings: Settings, fails: str, error: Exception, done: list[str]
) -> None:
    """What was put back is in new containers, which are isolated, too; no rollback is spoken of."""
    isolate(settings)
    do = CannedSteps({CHOOSE: PLAN, DEPLOY: DEPLOYED, fails: error})

    with pytest.raises(type(error)) as caught:
        deploy_hotfix(do, PATCH, "Ada", settings)

    assert done == do.names
    assert (CHECK, ("shop", ("web",), "Ada")) == do.done[-1]
    assert "rollback" not in str(caught.value)
