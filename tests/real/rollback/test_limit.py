"""A target that breaks again after each rollback is not rolled back for ever."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from samples.isolation import config_of
from samples.targets import git
from schemas.automation import Act, Mode
from schemas.errors import Withheld
from schemas.incident import Alert, IncidentType, Severity
from schemas.release import DeployedRelease
from schemas.settings import Target, load_settings
from tasks.do import Directly
from tasks.rollback.roll_back import roll_back
from tasks.store import Store, open_store


@pytest.fixture
def store(home: Path, demo_target: Target, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own; the target may be rolled back once an hour."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    limit = "[automation.limits.rollback]\nper_hour = 1\n"
    Path("aeef.toml").write_text(f"{config_of(demo_target)}\n{limit}")
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def target(store: Store, demo_target: Target) -> Target:
    """As it is configured; its bad release runs."""
    assert store.incidents() == []
    return load_settings().target(demo_target.name)


def broken(store: Store) -> str:
    """The id of an incident that begins now."""
    alert = Alert(description="it is broken", service="demo", dedup_key=str(uuid4()))
    kind = IncidentType.DEPLOYMENT_FAILURE
    return str(store.open_or_attach(alert, kind, Severity.P1).incident.incident_id)


def go_back(incident_id: str, target: Target, person: str | None = None) -> DeployedRelease:
    """As the runbook does it, or a person."""
    return roll_back(Directly(incident_id, person), target, load_settings())


def deploy_again(target: Target, commit: str) -> None:
    """A pipeline deploys the bad release once more."""
    git(target.repository, "checkout", "--quiet", commit)
    command = [part.replace("{commit}", commit) for part in target.deploy_command]
    subprocess.run(command, cwd=target.repository, check=True, capture_output=True, timeout=60)


def state_of(target: Target) -> tuple[str, ...]:
    """What is checked out, what runs, what is on record, and what is under way."""
    run = target.repository / "run/current"
    return (
        git(target.repository, "rev-parse", "HEAD"),
        git(target.repository, "status", "--porcelain"),
        git(target.repository, "reflog", "-1"),
        run.resolve().name,
        target.history_path.read_text(),
        *sorted(each.name for each in (target.repository / ".git/aeef").iterdir()),
    )


def test_the_loop_ends_and_a_person_goes_on(store: Store, target: Target) -> None:
    """The second time the release is chosen and named, and nothing is touched."""
    bad = git(target.repository, "rev-parse", "HEAD")
    good = go_back(broken(store), target).commit
    deploy_again(target, bad)
    before, again = state_of(target), broken(store)

    with pytest.raises(Withheld, match="demo is not rolled back: 1 rollback of demo in") as caught:
        go_back(again, target)

    assert before == state_of(target)
    actions = [each.action for each in store.incident(again).actions_taken]
    assert f"it would roll demo back to {good}" in str(caught.value)
    assert any(each.startswith(f"chose {good[:12]} for demo: ") for each in actions)
    assert str(caught.value) == actions[-1]
    assert go_back(again, target, person="ada").changed
    assert [True, False] == [each.automated for each in store.acts_begun(Act.ROLLBACK, "demo")]


def test_what_finds_it_healthy_already_is_no_act(store: Store, target: Target) -> None:
    """A storm of alerts about one outage does not use the limit up, nor meet it."""
    incidents = [broken(store) for _ in range(3)]

    done = [go_back(each, target).changed for each in incidents]

    assert [True, False, False] == done
    assert 1 == len(store.acts_begun(Act.ROLLBACK, "demo"))


def test_a_dirty_work_tree_is_refused_without_being_counted(store: Store, target: Target) -> None:
    """Nothing was begun, and the next one may."""
    file = target.repository / "app.conf"
    file.write_text("mine\n")
    with pytest.raises(Exception, match="local changes"):
        go_back(broken(store), target)

    assert [] == store.acts_begun(Act.ROLLBACK, "demo")


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.OFF])
def test_nothing_is_touched_while_the_automation_is_not_on(
    store: Store, target: Target, mode: Mode
) -> None:
    """Not even counted; a person goes on, and reads why nobody did it before."""
    store.set_automation(mode, why="it moves", actor="anna")
    incident_id = broken(store)
    (target.repository / ".git/aeef").mkdir(exist_ok=True)
    git(target.repository, "status")
    with pytest.raises(Withheld):
        go_back(incident_id, target)
    before = state_of(target)

    with pytest.raises(Withheld, match=f"{mode.in_words} since .* by anna: it moves"):
        go_back(incident_id, target)

    assert before == state_of(target)
    assert [] == store.acts_begun(Act.ROLLBACK, "demo")
    assert go_back(incident_id, target, person="ada").changed
    assert any(
        each.action.endswith("; this rollback goes on, for ada asks for it")
        for each in store.incident(incident_id).actions_taken
    )
