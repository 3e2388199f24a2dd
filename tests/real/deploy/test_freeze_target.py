"""A frozen target stays as it is until a named person releases it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.cli import Aeef
from processes.rollback_process import ENVIRONMENT
from samples.breach import breach
from samples.targets import command_target, git
from schemas.errors import InvalidInput, PermanentError, TargetError
from schemas.settings import Settings, Target, load_settings
from tasks.deploy.freeze_target import freeze_target, plan_freeze, release_freeze
from tasks.deploy.freezes import frozen_by, marker_path, read_freeze
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release
from tasks.store import Store, open_store


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """The demo target, in the config file of the present folder."""
    return configured(tmp_path)


def configured(tmp_path: Path, **commands: list[str]) -> Target:
    """Write the config file with the demo target and these breach settings."""
    found = command_target(tmp_path)
    table = found.model_dump(mode="json", exclude={"name", "health"}, exclude_none=True)
    health = found.health.model_dump(mode="json", exclude_none=True)
    lines = ["[targets.demo]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    lines += ["[targets.demo.health]", *(f"{k} = {json.dumps(v)}" for k, v in health.items())]
    lines += ["[targets.demo.breach]", *(f"{k} = {json.dumps(v)}" for k, v in commands.items())]
    Path("aeef.toml").write_text("\n".join(lines))
    return load_settings().targets["demo"]


def incident_id(store: Store, service: str = "demo") -> str:
    """An open breach."""
    return str(breach(store, service=service).incident_id)


def deploy(target: Target, settings: Settings) -> None:
    """The step that a rollback, by runbook or by hand, and an emergency patch have in common."""
    deploy_release(target, choose_release(target), home=settings.home)


def test_nothing_is_deployed_until_it_is_released(store: Store, target: Target) -> None:
    """The refusal says who froze it and how to release it; then the release works."""
    settings, breached = load_settings(), incident_id(store)
    before = git(target.repository, "rev-parse", "HEAD")

    said = freeze_target.directly(breached, "demo")

    assert said.startswith("froze deployments on demo")
    with pytest.raises(TargetError, match="aeef freeze release --target demo") as refused:
        deploy(target, settings)
    assert "frozen" == refused.value.stage
    assert breached in str(refused.value)
    assert before == git(target.repository, "rev-parse", "HEAD")
    assert breached in marker_path(target).read_text()
    state = settings.home / "freezes" / "demo.json"
    assert 0o600 == stat.S_IMODE(state.stat().st_mode)

    assert "approved by local user Ada, not proven" in release_freeze.directly(
        breached, "demo", "Ada"
    )
    deploy(target, settings)
    assert before != git(target.repository, "rev-parse", "HEAD")
    assert not state.exists()
    assert not marker_path(target).exists()


def test_freezing_and_releasing_twice_is_harmless(store: Store, target: Target) -> None:
    """The second time changes nothing."""
    breached, settings = incident_id(store), load_settings()
    freeze_target.directly(breached, "demo")
    first = read_freeze("demo", settings.home)

    freeze_target.directly(breached, "demo")

    assert first == read_freeze("demo", settings.home)
    release_freeze.directly(breached, "demo", "Ada")
    assert "was not frozen" in release_freeze.directly(breached, "demo", "Ada")


def test_two_incidents_hold_it_until_both_are_released(store: Store, target: Target) -> None:
    """Releasing one freeze does not release that of another incident."""
    one, two, settings = incident_id(store), incident_id(store, "api"), load_settings()
    for each in (one, two):
        freeze_target.directly(each, "demo")

    assert f"stays frozen by incident {two}" in release_freeze.directly(one, "demo", "Ada")
    assert two in str(frozen_by(target, settings.home))
    assert two in marker_path(target).read_text()
    assert one not in marker_path(target).read_text()
    release_freeze.directly(two, "demo", "Ada")

    assert frozen_by(target, settings.home) is None


@pytest.mark.parametrize("nobody", ["", "  "])
def test_without_an_approver_it_stays_frozen(store: Store, target: Target, nobody: str) -> None:
    """A name is needed."""
    breached = incident_id(store)
    freeze_target.directly(breached, "demo")

    with pytest.raises(InvalidInput, match="stays"):
        release_freeze.directly(breached, "demo", nobody)

    assert frozen_by(target, load_settings().home)


def test_the_targets_own_commands_run_and_say_nothing_on_record(
    store: Store, tmp_path: Path
) -> None:
    """Their output is evidence; each runs once a freeze, and the undo once a release."""
    out = tmp_path / "out"
    configured(
        tmp_path,
        freeze_command=["/bin/sh", "-c", f"echo secret-words; echo on >> {out}"],
        unfreeze_command=["/bin/sh", "-c", f"echo off >> {out}"],
    )
    breached = incident_id(store)

    said = freeze_target.directly(breached, "demo") + release_freeze.directly(
        breached, "demo", "Ada"
    )

    assert "on\noff\n" == out.read_text()
    folder = load_settings().home / "evidence" / breached
    assert "secret-words" in (folder / "freeze-command.txt").read_text()
    actions = [each.action for each in store.incident(breached).actions_taken]
    assert "secret-words" not in said + str(actions)


def test_a_command_that_fails_leaves_it_frozen(store: Store, tmp_path: Path) -> None:
    """AEEF still refuses; after the remedy the same call completes, and so does the undo."""
    fixed = tmp_path / "fixed"
    command = ["/bin/sh", "-c", f"echo alice@example.com; test -e {fixed}"]
    target = configured(tmp_path, freeze_command=command, unfreeze_command=command)
    breached, home = incident_id(store), load_settings().home

    with pytest.raises(PermanentError, match="refuses to deploy even so") as failed:
        freeze_target.directly(breached, "demo")
    assert "alice" not in str(failed.value)
    assert frozen_by(target, home)
    fixed.touch()
    freeze_target.directly(breached, "demo")
    fixed.unlink()
    with pytest.raises(PermanentError, match="stays frozen"):
        release_freeze.directly(breached, "demo", "Ada")
    assert frozen_by(target, home)
    fixed.touch()
    release_freeze.directly(breached, "demo", "Ada")

    assert frozen_by(target, home) is None


KILLED = [
    "before tasks.deploy.freeze_target.write_marker",
    "after tasks.deploy.freeze_target.write_marker",
    "before tasks.deploy.freeze_target._run",
    "after tasks.deploy.freeze_target._run",
]
UNDOING = [
    "after tasks.deploy.freeze_target._run",
    "before tasks.deploy.freeze_target.end_freeze",
    "after tasks.deploy.freeze_target.end_freeze",
]
PROCESS = """
import sys
from processes.rollback_process import arm
from tasks.deploy import freeze_target
arm(sys.argv[1])
steps = {"freeze": freeze_target.freeze_target, "release": freeze_target.release_freeze}
steps[sys.argv[2]].directly(*sys.argv[3:])
"""


def killed(point: str, *arguments: str) -> None:
    """Do it in a process that dies, as by kill -9, at this point."""
    died = subprocess.run(
        [sys.executable, "-c", PROCESS, point, *arguments],
        env=ENVIRONMENT | {"AEEF_HOME": os.environ["AEEF_HOME"]},
        check=False,
        timeout=60,
    )
    assert -signal.SIGKILL == died.returncode


@pytest.mark.parametrize("point", KILLED)
def test_killed_while_freezing(store: Store, tmp_path: Path, point: str) -> None:
    """From the first moment nothing is deployed; the same call again completes it."""
    target = configured(tmp_path, freeze_command=["true"], unfreeze_command=["true"])
    breached, settings = incident_id(store), load_settings()

    killed(point, "freeze", breached, "demo")

    with pytest.raises(TargetError, match="frozen"):
        deploy(target, settings)
    freeze_target.directly(breached, "demo")
    assert marker_path(target).exists()
    release_freeze.directly(breached, "demo", "Ada")
    assert frozen_by(target, settings.home) is None


@pytest.mark.parametrize("point", UNDOING)
def test_killed_while_releasing(store: Store, tmp_path: Path, point: str) -> None:
    """It is either released or not; the same call again completes it."""
    target = configured(tmp_path, freeze_command=["true"], unfreeze_command=["true"])
    breached, settings = incident_id(store), load_settings()
    freeze_target.directly(breached, "demo")

    killed(point, "release", breached, "demo", "Ada")

    release_freeze.directly(breached, "demo", "Ada")
    assert frozen_by(target, settings.home) is None


def test_what_cannot_be_read_counts_as_frozen(store: Store, target: Target) -> None:
    """A broken note, and a marker that somebody else wrote, refuse too, and say where to look."""
    settings = load_settings()
    state = settings.home / "freezes" / "demo.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_text("{")
    with pytest.raises(TargetError, match=r"demo\.json"):
        deploy(target, settings)
    state.unlink()
    marker = marker_path(target)
    marker.parent.mkdir(exist_ok=True)
    marker.symlink_to("/nowhere")

    with pytest.raises(TargetError, match="FROZEN"):
        deploy(target, settings)


def test_a_marker_that_is_a_link_is_replaced_not_followed(
    store: Store, target: Target, tmp_path: Path
) -> None:
    """Nothing is written where it points."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    marker_path(target).parent.mkdir(exist_ok=True)
    marker_path(target).symlink_to(victim)

    freeze_target.directly(incident_id(store), "demo")

    assert "mine" == victim.read_text()
    assert not marker_path(target).is_symlink()


def test_a_dry_run_changes_nothing(store: Store, target: Target) -> None:
    """It says what would be done."""
    settings = load_settings()

    said = plan_freeze(target, settings)

    assert said.startswith("would freeze deployments on demo")
    assert frozen_by(target, settings.home) is None


def test_pipelines_ask_and_people_release(aeef: Aeef, tmp_path: Path) -> None:
    """Exit codes 0 and 3; the freeze and its release are on record; a rollback is refused."""
    configured(tmp_path)
    assert 0 == aeef("freeze", "status", "--target", "demo").code
    planned = aeef("freeze", "on", "--target", "demo", "--approver", "Ada", "--dry-run")
    assert "would freeze" in planned.out

    frozen = aeef("freeze", "on", "--target", "demo", "--approver", "Ada",
                  "--reason", "audit of alice@example.com")  # fmt: skip

    assert 0 == frozen.code, frozen.err
    shown = aeef("freeze", "status", "--target", "demo", "--json")
    assert (3, True) == (shown.code, shown.json["frozen"])
    [held] = shown.json["incidents"]
    assert "alice" not in shown.out
    refused = aeef("rollback", "--target", "demo")
    assert 1 == refused.code
    assert "frozen" in refused.err
    released = aeef("freeze", "release", "--target", "demo", "--approver", "Grace")
    assert 0 == released.code, released.err
    assert 0 == aeef("freeze", "status", "--target", "demo").code
    record = aeef("incidents", "show", held["incidentId"], "--json").json["incident"]
    assert "resolved" == record["status"]
    said = [each["action"] for each in record["actionsTaken"]]
    assert any("approved by local user Ada, not proven" in text for text in said)
    assert any("approved by local user Grace, not proven" in text for text in said)
    assert 1 == aeef("freeze", "on", "--target", "demo", "--approver", " ").code
    assert 1 == aeef("freeze", "status", "--target", "nobody").code
