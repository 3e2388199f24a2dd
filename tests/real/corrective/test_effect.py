"""Whether a corrective action worked: asked after 30 and 90 days, and said only as it was seen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from real.corrective.actions import Actions, actions_with
from samples.aeef import tools
from samples.targets import commit, prove, write_history, write_json
from schemas.corrective import Stage
from schemas.corrective.transitions import see_effect
from schemas.errors import NotAllowed, NotPossibleNow
from schemas.incident import Alert, Incident, IncidentType, Severity, Status
from schemas.lifecycle import Disposition
from schemas.model import utc_now
from schemas.settings import Target
from standins.jira import Jira
from standins.slack import Slack
from tasks.corrective.effect import look_at_effect
from tasks.corrective.look import look_at_all

DAY = timedelta(days=1)
SECURITY = IncidentType.SECURITY


def later(actions: Actions, service: str = "shop", kind: IncidentType = SECURITY) -> Incident:
    """Another incident, opened now."""
    alert = Alert(description="again", service=service, dedup_key=f"{service} {kind} later")
    opened = actions.store.open_or_attach(alert, kind, Severity.P3, may_relapse=False)
    return opened.incident


def review(actions: Actions, incident: Incident, mode: str) -> None:
    """Its review says how it failed."""
    if not actions.store.incident(incident.incident_id).status.is_over:
        actions.store.set_status(incident.incident_id, Status.RESOLVED, actor="bo (token)")
    actions.store.reviews.begin(incident.incident_id, utc_now())
    actions.store.reviews.answer(
        incident.incident_id, "failure-mode", mode, actor="ann (token)", seen=0
    )


@pytest.mark.proves("IR-ACTIONS-EFFECT")
def test_what_came_back_is_open_again_by_itself(
    database: str, jira: Jira, slack: Slack, home: Path
) -> None:
    """Once, due anew, with a new ticket; its owner and verifier hear of it."""
    actions = actions_with(home, jira, slack, database_url=database)
    ca, now = actions.verified(), utc_now()
    look_at_all(actions.settings, now + 29 * DAY)
    before = actions.store.corrective.one(1)
    back = later(actions)
    said = [look_at_all(actions.settings, now + days * DAY) for days in (31, 31, 32)]
    after = actions.store.corrective.one(1)

    assert ((), Stage.VERIFIED) == (before.effects, before.stage)
    assert (Stage.OPEN, 2, "AEEF-2") == (after.stage, after.times_opened, after.ticket)
    assert after.due_at.date() == (now + 45 * DAY).date()
    assert f"{ca}: open again: after 30 days, it was seen that it did not work" == said[0]
    assert ["nothing is due"] * 2 == said[1:]
    assert back.title in after.effects[0].seen
    assert 2 == sum(f"{ca} is open again, due" in each.text for each in slack.messages)
    assert 1 == sum(each.startswith(f"{ca}: after 30 days") for each in actions.timeline())
    assert actions.store.verify_audit().entries


def test_what_did_not_come_back_held_and_is_asked_once_more(home: Path) -> None:
    """After 30 days and after 90, each once; then never again."""
    actions = actions_with(home)
    ca, now = actions.verified(), utc_now()
    later(actions, service="cart")
    later(actions, kind=IncidentType.DRIFT)
    false_alarm = later(actions)
    actions.store.lifecycle.resolve(
        false_alarm.incident_id, Disposition.FALSE_ALARM, cause="a test", actor="ann (token)"
    )
    for days in (31, 32, 91, 92, 200):
        look_at_all(actions.settings, now + days * DAY)
    action = actions.store.corrective.one(1)

    assert (Stage.VERIFIED, [True, True]) == (action.stage, [e.worked for e in action.effects])
    assert [30, 90] == [each.after_days for each in action.effects]
    assert 2 == sum("what was asked holds: no security on shop" in t for t in actions.timeline())
    assert [] == actions.store.corrective.to_look_at(now + 400 * DAY).found
    assert ca == action.reference


@pytest.mark.parametrize(
    ("own", "theirs", "worked"),
    [
        ("", "", False),
        ("performance", "", False),
        ("performance", "configuration", True),
        ("performance", "performance", False),
    ],
)
def test_a_failure_mode_tells_two_apart_once_both_are_known(
    home: Path, own: str, theirs: str, worked: bool
) -> None:
    """What is not known of one of them does not; that it is not is said."""
    actions = actions_with(home)
    actions.verified()
    back = later(actions)
    for incident, mode in ((actions.incident, own), (back, theirs)):
        if mode:
            review(actions, incident, mode)
    seen, said = look_at_effect(actions.store.corrective.one(1), actions.store, actions.settings)

    assert worked is seen
    assert ("is not known yet" in said) == (bool(own) and not theirs)


def test_a_relapse_of_the_incident_itself_came_back_too(home: Path) -> None:
    """It has the same id, and is another outbreak."""
    actions = actions_with(home)
    actions.verified()
    incident_id = actions.incident.incident_id
    actions.store.lifecycle.mitigate(incident_id, actor="ann (token)")
    actions.store.relapse(incident_id, "it is broken again", actor="test")

    seen, said = look_at_effect(actions.store.corrective.one(1), actions.store, actions.settings)
    assert (False, True) == (seen, "occurrence 2" in said)


def asked(actions: Actions, question: str) -> tuple[bool | None, str]:
    """What a look at this question says now."""
    ca = actions.verified(question=question)
    number = int(ca.removeprefix("CA-"))
    return look_at_effect(actions.store.corrective.one(number), actions.store, actions.settings)


def test_gates_and_files_are_looked_for_in_what_was_deployed_last(
    home: Path, demo_target: Target
) -> None:
    """There and passed, there and failed, not there, and what cannot be seen."""
    actions = actions_with(home, targets={"shop": demo_target.model_dump()})
    shop = actions.settings.targets["shop"]
    rule = {"rules/a.yml": "id: no-eval\n"}
    bare, newest = commit(shop.repository, {}), commit(shop.repository, rule)
    write_history(shop, (newest, "healthy"), (bare, "healthy"))
    unproven = asked(actions, "gate:shop/tests")
    without = asked(actions, "file:shop/rules/a.yml")
    write_history(shop, (bare, "healthy"), (newest, "healthy"))
    prove(shop, newest, tests="pass", scan="fail")
    found = [
        asked(actions, question)
        for question in (
            "gate:shop/tests", "gate:shop/scan", "gate:shop/mutation", "file:shop/rules/a.yml",
            "file:shop/rules/a.yml#no-eval", "file:shop/rules/a.yml#no-exec",
        )
    ]  # fmt: skip
    shop.history_path.write_text("{")
    odd = asked(actions, "gate:shop/tests")

    assert (None, False) == (unproven[0], without[0])
    assert "no provenance record" in unproven[1]
    assert [True, False, False, True, True, False] == [seen for seen, _ in found]
    assert "has the status 'fail'" in found[1][1]
    assert (None, True) == (odd[0], "cannot be used" in odd[1])


def test_a_gate_is_looked_for_in_records_that_aeef_s_tools_name_after_their_runs(
    home: Path, demo_target: Target
) -> None:
    """A gate that is missing there did not work; of two records that differ, neither did it."""
    actions = actions_with(home, targets={"shop": demo_target.model_dump()})
    shop = actions.settings.targets["shop"]
    newest = commit(shop.repository, {"a.txt": "1"})
    write_history(shop, (newest, "healthy"))
    folder = shop.repository / shop.provenance
    write_json(folder / "run-1.json", tools.run_record(newest, dast="fail"))
    one = [asked(actions, f"gate:shop/{gate}") for gate in ("mutation", "dast", "sast")]
    write_json(folder / "run-2.json", tools.run_record(newest, dast="pass"))
    two = asked(actions, "gate:shop/dast")

    assert [False, False, True] == [seen for seen, _ in one]
    assert "'mutation' is not in the provenance" in one[0][1]
    assert False is two[0]
    assert "run-1.json: gate 'dast' has status 'fail'" in two[1]


def test_what_could_not_be_seen_is_asked_of_a_person(
    slack: Slack, home: Path, demo_target: Target
) -> None:
    """It never counts as having worked; it is looked at again until somebody has said it."""
    actions = actions_with(home, slack, targets={"shop": demo_target.model_dump()})
    ca, now = actions.verified(question="gate:shop/tests"), utc_now()
    actions.settings.targets["shop"].history_path.write_text("{")
    with pytest.raises(NotPossibleNow, match="nobody was asked"):
        actions.do("bob", "action-worked", ca, worked="yes", reason="seen")
    look_at_all(actions.settings, now + 31 * DAY)
    look_at_all(actions.settings, now + 32 * DAY)
    action = actions.store.corrective.one(1)

    assert (Stage.VERIFIED, [None]) == (action.stage, [each.worked for each in action.effects])
    assert 1 == sum("could not be seen after 30 days" in each.text for each in slack.messages)
    assert 1 == sum("NOT seen" in each for each in actions.timeline())


def test_a_person_s_word_settles_what_could_not_be_seen(home: Path) -> None:
    """Not its owner's; no opens it again."""
    days = [each / 86_400 for each in (0.001, 0.002)]
    actions = actions_with(home, corrective={"look_after_days": days})
    ca = actions.verified()
    number = actions.store.corrective.one(1).number
    actions.store.corrective.change(
        number,
        lambda action, at: see_effect(action, at, tuple(days), (None, "no target"), at),
    )
    with pytest.raises(NotAllowed, match="whoever owns it"):
        actions.do("ann", "action-worked", ca, worked="yes", reason="seen")
    said = actions.do("bob", "action-worked", ca, worked="no", reason="the gate is off")
    action = actions.store.corrective.one(1)

    assert said.startswith(f"{ca}: open, ann does it")
    assert (Stage.OPEN, {False}) == (action.stage, {each.worked for each in action.effects})
    assert "it did not work: the gate is off" in actions.timeline()[-1]
