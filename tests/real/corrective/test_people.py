"""What people do to corrective actions: by whom it counts, and who hears of it, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from real.corrective.actions import PEOPLE, actions_with
from schemas.errors import InvalidInput, NotAllowed
from schemas.model import utc_now
from schemas.people import local_user
from standins.slack import Slack
from tasks.corrective.look import look_at_all
from tasks.corrective.overdue import overdue_lines, overdue_now
from tasks.people.acts import perform

ADA, GRACE = PEOPLE["ann"]["slack"], PEOPLE["bob"]["slack"]
DAY = timedelta(days=1)


@pytest.fixture
def slack_with_people(slack: Slack) -> Slack:
    """Slack, in which Ann and Bob can be written to directly."""
    slack.channels |= {ADA: ADA, GRACE: GRACE}
    slack.members |= {ADA, GRACE}
    return slack


def heard(slack: Slack, user: str) -> list[str]:
    """What a person was written in Slack, as far as the first full stop."""
    return [each.text.partition(". ")[0] for each in slack.messages if each.channel == user]


def test_from_added_to_verified(slack_with_people: Slack, home: Path) -> None:
    """Each who has to do something is written to, directly; the record has all of it."""
    slack = slack_with_people
    actions = actions_with(home, slack)
    ca = actions.add(due="20d", text="tests; ask ann@shop.example")
    actions.do("cleo", "action-done", ca, text="in abc1234")
    said = actions.do("bob", "action-verify", ca, text="seen")
    began = [each.removeprefix(f"{ca}: ").partition(";")[0] for each in actions.timeline()]

    assert f"{ca}: verified by bob (token); whether it worked was not looked at yet" == said
    assert [True] == [each.startswith(f"{ca} is yours, due ") for each in heard(slack, ADA)]
    assert [True] == [each.startswith(f"{ca} is done, says cleo") for each in heard(slack, GRACE)]
    assert not any("ann@shop.example" in each.text for each in slack.messages)
    assert "corrective action (test-improvement): tests" == began[0]
    assert began[1].startswith("notified ann in Slack: CA-1 is yours")
    assert ["done: in abc1234", "verified: seen"] == [began[2], began[4]]


@pytest.mark.proves("IR-ACTIONS-VERIFIED")
@pytest.mark.parametrize(
    ("person", "why"),
    [
        ("ann", "whoever owns it"),
        ("cleo", "whoever said that it is done"),
        ("bob, not proven", "nothing proves who you are"),
    ],
)
def test_who_may_not_verify(home: Path, person: str, why: str) -> None:
    """Its owner, whoever said that it is done, and whoever proves nothing; others may."""
    actions = actions_with(home)
    ca = actions.add()
    actions.do("cleo", "action-done", ca)
    actor = actions.actor(person) if person in PEOPLE else local_user("bob")

    with pytest.raises(NotAllowed, match=why):
        perform("action-verify", ca, {}, actor, actions.settings)
    actions.do("eve", "action-verify", ca)
    assert "verified: in place of bob" in actions.timeline()[-1]


def test_without_people_the_named_verifier_does(home: Path) -> None:
    """What nothing proves is on record as such; whoever else works here does not."""
    actions = actions_with(home, people={})
    alone = {"text": "x", "category": "training", "verifier": "Bob B."}
    where = str(actions.incident.incident_id)

    def do(name: str, act: str, **given: str) -> str:
        return perform(act, where, given, local_user(name), actions.settings).said

    do("ann", "action-add", **alone)
    do("ann", "action-done")
    with pytest.raises(NotAllowed, match="not verified: Bob"):
        do("cleo", "action-verify")
    assert "verified by local user bob b., not proven" in do("bob b.", "action-verify")


@pytest.mark.proves("IR-ACTIONS-OWNER")
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"verifier": "ann"}, "somebody else has to verify"),
        ({"verifier": "nobody"}, "verifier: nobody in"),
        ({"owner": "bob"}, "somebody else has to verify"),
        ({"category": "luck"}, "category: "),
        ({"due": "2020-01-01"}, "due: 2020-01-01 is over"),
        ({"due": "soon"}, "due: 'soon' is no day"),
        ({"question": "gate:shop/tests"}, "no target 'shop'"),
        ({"question": "recurrence:bad luck"}, "none of hallucination"),
    ],
)
def test_what_cannot_be_added_is_named(home: Path, given: dict[str, str], why: str) -> None:
    """Nothing is on record then."""
    actions = actions_with(home)
    with pytest.raises(InvalidInput, match=why):
        actions.add(**given)
    assert [] == actions.timeline()


def test_reminders_come_once_each(slack_with_people: Slack, home: Path) -> None:
    """When the day is near, and when it is over: then its verifier hears of it, too."""
    slack = slack_with_people
    actions = actions_with(home, slack)
    ca, now = actions.add(due="20d"), utc_now()
    for days in (1, 18, 19, 21, 22):
        look_at_all(actions.settings, now + days * DAY)

    assert [f"{ca} is yours", f"{ca} is due 2", f"{ca} is overd"] == [
        each[: len(ca) + 9] for each in heard(slack, ADA)
    ]
    assert [f"{ca} is overdue"] == [each[: len(ca) + 11] for each in heard(slack, GRACE)]


def test_what_slack_did_not_take_is_said_later_once(slack: Slack, home: Path) -> None:
    """The act is done all the same, and says who was not notified."""
    actions = actions_with(home, slack)
    slack.fail_with(500, times=1)
    said = actions.do("bob", "action-add", actions.incident.short_id,
                      text="x", category="training", verifier="ann", owner="cleo")  # fmt: skip
    first = len(slack.messages)
    look_at_all(actions.settings)
    look_at_all(actions.settings)

    assert "cleo was not notified" in said
    assert (0, 1) == (first, len(slack.messages))
    assert slack.messages[0].text.startswith("cleo: CA-1 is yours")


@pytest.mark.proves("REQ-009-18")
def test_a_waiver_is_an_approver_s_and_ends_by_itself(slack_with_people: Slack, home: Path) -> None:
    """Whoever answers for it and its owner are asked before; all three hear of it once it is."""
    slack = slack_with_people
    actions = actions_with(home, slack)
    ca, now = actions.add(), utc_now()
    with pytest.raises(NotAllowed, match="right 'approve'"):
        actions.do("bob", "action-waive", ca, reason="x", until="20d")
    with pytest.raises(InvalidInput, match="within 180 days"):
        actions.do("eve", "action-waive", ca, reason="x", until="200d")
    with pytest.raises(NotAllowed, match="ann owns it"):
        actions.do("eve", "action-waive", ca, reason="x", until="20d", owner="ann")
    actions.do("eve", "action-waive", ca, reason="no budget", until="20d")
    look_at_all(actions.settings, now + 16 * DAY)
    assert not any("the waiver of" in each.text for each in slack.messages)
    for day in (19, 19.5):
        look_at_all(actions.settings, now + day * DAY)
    waived = actions.store.corrective.one(1)
    overdue = overdue_now(actions.store, now + 21 * DAY).found
    look_at_all(actions.settings, now + 21 * DAY)
    look_at_all(actions.settings, now + 22 * DAY)
    again = actions.store.corrective.one(1)

    assert ["waived", "open"] == [waived.stage, again.stage]
    assert [1] == [each.number for each in overdue]
    assert again.due_at.date() == (now + 35 * DAY).date()
    assert 1 == sum("the waiver of CA-1 ends" in each for each in heard(slack, ADA))
    assert 1 == sum("its waiver ended" in each for each in heard(slack, ADA))
    assert 1 == sum("its waiver ended" in each for each in heard(slack, GRACE))
    eve = slack.channels["aeef-info"]
    assert 1 == sum("eve: CA-1 is open again" in each for each in heard(slack, eve))
    assert 1 == sum("eve: the waiver of CA-1 ends" in each for each in heard(slack, eve))
    assert 1 == sum("its waiver, for which eve answered" in each for each in actions.timeline())


@pytest.mark.proves("IR-ACTIONS-WEEKLY")
def test_the_weekly_list_is_the_longest_overdue_first(home: Path) -> None:
    """Done is not verified; what is verified or waived is not in it."""
    actions = actions_with(home)
    ca = [actions.add(due=f"{days}d", text=f"{days} days") for days in (5, 3, 40)]
    actions.verified(due="1d")
    actions.do("ann", "action-done", ca[1])
    now = utc_now() + 10 * DAY
    found = overdue_now(actions.store, now).found
    lines = overdue_lines(found, actions.store, now)

    assert [ca[1], ca[0]] == [each.reference for each in found]
    assert [
        "CA-2 done, bob has to verify it, 7 days overdue: 3 days (P2 security shop #1)",
        "CA-1 open, ann does it, 5 days overdue: 5 days (P2 security shop #1)",
    ] == lines
