"""The guard of all automatic acts: mode, limit, and people, in each step that changes something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.agents import NamedAgent
from schemas.automation import Act, Mode
from schemas.errors import ConfigurationError, PermanentError, TemporaryError, Withheld
from schemas.incident import Alert, IncidentType, Severity, Status, TypeSource
from schemas.release import RollbackPlan
from schemas.settings import Settings, load_settings
from tasks.agents.suspend_agent import check_suspension, suspend_agent
from tasks.breach.revoke_credentials import revoke_credentials
from tasks.case import Case, Intent
from tasks.deploy.freeze_target import freeze_target
from tasks.isolation.isolate_service import check_isolation, isolate_service
from tasks.patch.deploy_hotfix import deploy_planned
from tasks.patch.prepare_patch import prepare_patch
from tasks.rollback.roll_back import deploy_rollback
from tasks.store import Store

AGENT = NamedAgent(agent_id="builder-1", target="shop")
PLAN = RollbackPlan(target="shop", to_commit="a" * 40, chosen_because="it is good")
STEPS: dict[str, Callable[[str], object]] = {
    "is not rolled back": lambda incident: deploy_rollback.directly(incident, PLAN),
    "no hotfix of shop is made or deployed": lambda incident: deploy_planned.directly(
        incident, PLAN, ""
    ),
    "no hotfix of shop": prepare_patch.directly,
    "shop is not isolated": lambda incident: isolate_service.directly(incident, "shop", []),
    "is not isolated": lambda incident: check_isolation.directly(incident, "shop", []),
    "is not frozen": lambda incident: freeze_target.directly(incident, "shop"),
    "no credential of shop is revoked": lambda incident: revoke_credentials.directly(
        incident, "shop"
    ),
    "agent builder-1 of shop is not suspended": lambda incident: suspend_agent.directly(
        incident, AGENT
    ),
    "builder-1 of shop is not suspended": lambda incident: check_suspension.directly(
        incident, AGENT
    ),
}
"""Every step by which the automation changes something, by what is said when it does not."""


@pytest.fixture(autouse=True)
def _target(home: object) -> None:
    """A target that cannot be reached: no act may get so far."""
    Path("shop/.git").mkdir(parents=True)
    Path("aeef.toml").write_text(
        '[targets.shop]\nrepository = "shop"\ndeploy_command = ["true"]\nrequired_gates = ["t"]\n'
        '[targets.shop.health]\ncommand = ["true"]\n'
        '[targets.shop.breach.revoke]\nkey = ["true"]\n'
    )


def opened(store: Store, source: TypeSource = TypeSource.SENDER) -> str:
    """The id of an open incident."""
    alert = Alert(description="x", service="shop", dedup_key=str(uuid4()))
    kind = IncidentType.DATA_BREACH
    return str(store.open_or_attach(alert, kind, Severity.P1, source=source).incident.incident_id)


def intent(asked_by: str = "", act: Act = Act.ROLLBACK) -> Intent:
    """Of an act that would do something."""
    return Intent(act, "shop", lambda: "would roll shop back to aaaa", asked_by)


def automatic(incident_id: str) -> Case:
    """As a run has it."""
    return Case(incident_id, load_settings(), "test")


@pytest.mark.parametrize("said", STEPS)
@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_no_step_changes_anything_while_the_automation_is_not_on(
    store: Store, said: str, mode: Mode
) -> None:
    """Whatever flow calls it; the record says by whose word, and not that anything failed."""
    incident_id = opened(store)
    store.set_automation(mode, target="shop", why="we move it", actor="anna")

    with pytest.raises(Withheld, match=said) as caught:
        STEPS[said](incident_id)

    last = store.incident(incident_id).actions_taken[-1].action
    assert last == str(caught.value)
    assert f"{mode.in_words} for shop since " in last
    assert " by anna: we move it" in last
    assert not last.startswith("FAILED")
    assert ("; it " in last) == (mode is Mode.OBSERVE)
    assert not caught.value.needs_person


def test_the_mode_is_that_of_the_moment_when_the_act_begins(store: Store) -> None:
    """Not of when the run began; and of that target only."""
    case = automatic(opened(store))
    case.require_on(intent())
    store.set_automation(Mode.OFF, target="crm", why="x", actor="anna")
    case.require_on(intent())
    store.set_automation(Mode.OFF, why="x", actor="anna")

    with pytest.raises(Withheld):
        case.require_on(intent())
    store.set_automation(Mode.ON, why="x", actor="anna")
    case.require_on(intent())


def test_what_it_would_do_may_be_impossible(store: Store) -> None:
    """Then that is what people read."""
    store.set_automation(Mode.OBSERVE, why="x", actor="anna")

    def impossible() -> str:
        raise PermanentError("Docker", "does not answer")

    with pytest.raises(Withheld, match=r"; it could not be done: Docker: does not answer$"):
        automatic(opened(store)).require_on(Intent(Act.ROLLBACK, "shop", impossible))


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_a_person_may_even_so_and_it_is_on_record(
    store: Store, settings: Settings, mode: Mode
) -> None:
    """By hand, in Prefect, or by an approval; once, however often it is tried."""
    store.set_automation(mode, why="x", actor="anna")
    first, second = opened(store), opened(store)

    Case(first, settings, "test", person="ada").begin(intent())
    Case(second, settings, "test").begin(intent(asked_by="ada"))
    Case(second, settings, "test").begin(intent(asked_by="ada"))

    for incident_id in (first, second):
        said = [each for each in store.incident(incident_id).actions_taken if "ada" in each.action]
        assert ["ada"] == [each.actor for each in said]
        assert said[0].action.endswith("; this rollback goes on, for ada asks for it")


def test_more_than_the_limit_is_not_begun_and_needs_a_person(store: Store) -> None:
    """The fourth incident in an hour; a retry of the first is no other act."""
    first, *others = (opened(store) for _ in range(4))
    for each in (first, first, *others[:2]):
        automatic(each).begin(intent())

    with pytest.raises(Withheld) as caught:
        automatic(others[2]).begin(intent())
    automatic(first).begin(intent())

    assert str(caught.value).startswith(
        "shop is not rolled back: 3 rollbacks of shop in the last hour are the limit"
    )
    assert str(caught.value).endswith(
        "; it would roll shop back to aaaa; `aeef rollback --target shop` does it by hand"
    )
    assert caught.value.needs_person
    assert 3 == len(store.acts_begun(Act.ROLLBACK, "shop"))


@pytest.mark.proves("REQ-009-07")
def test_a_loop_of_relapses_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each occurrence of one incident is an act of its own."""
    monkeypatch.setenv("AEEF_AUTOMATION__LIMITS__ROLLBACK__PER_HOUR", "2")
    incident_id = opened(store)
    for _ in range(2):
        automatic(incident_id).begin(intent())
        store.set_status(incident_id, Status.MITIGATED, actor="aeef-runbooks")
        store.relapse(incident_id, "broken again", actor="test")

    with pytest.raises(Withheld, match="2 rollbacks of shop in the last hour are the limit"):
        automatic(incident_id).begin(intent())


def test_other_acts_and_other_targets_have_their_own_count(store: Store) -> None:
    """An isolation is no rollback."""
    for _ in range(3):
        automatic(opened(store)).begin(intent())
    automatic(opened(store)).begin(intent(act=Act.ISOLATION))
    automatic(opened(store)).begin(Intent(Act.ROLLBACK, "crm", str))


def test_people_are_counted_and_not_limited(store: Store, settings: Settings) -> None:
    """Whether by hand, or because somebody confirmed this occurrence."""
    for _ in range(4):
        Case(opened(store), settings, "test", person="ada").begin(intent())
    confirmed = opened(store, TypeSource.GUESS)
    store.answer(confirmed, None, actor="grace")
    automatic(confirmed).begin(intent())

    with pytest.raises(Withheld, match="of these by hand by ada, grace"):
        automatic(opened(store)).begin(intent())


def test_a_confirmation_is_no_word_for_the_next_occurrence(store: Store) -> None:
    """Nobody has asked for that one."""
    incident_id = opened(store, TypeSource.GUESS)
    store.answer(incident_id, None, actor="grace")
    store.set_status(incident_id, Status.MITIGATED, actor="aeef-runbooks")
    store.relapse(incident_id, "again", actor="test")
    for _ in range(3):
        automatic(opened(store)).begin(intent())

    with pytest.raises(Withheld, match="are the limit"):
        automatic(incident_id).begin(intent())


def test_what_goes_on_is_not_counted(store: Store) -> None:
    """A service that is isolated already is looked at again."""
    case = automatic(opened(store))
    case.begin(intent(), again=True)

    assert [] == store.acts_begun(Act.ROLLBACK, "shop")


@pytest.mark.proves("REQ-009-17")
def test_nothing_is_done_while_nobody_knows_the_mode(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word of a newer version, for instance: then a person is needed; who asks for it may."""
    case = automatic(opened(store))

    def unreadable(_self: Store) -> None:
        raise ConfigurationError("what was said cannot be understood")

    monkeypatch.setattr(Store, "automation", unreadable)

    with pytest.raises(Withheld, match="it is not known whether automation is on") as caught:
        case.begin(intent())
    assert caught.value.needs_person
    case.begin(intent(asked_by="ada"))


def test_a_database_away_for_a_moment_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step's own retries see a temporary error, and nothing was begun."""
    case = automatic(opened(store))

    def away(_self: Store) -> None:
        raise TemporaryError("the database", "does not answer")

    monkeypatch.setattr(Store, "automation", away)

    with pytest.raises(TemporaryError):
        case.begin(intent())
