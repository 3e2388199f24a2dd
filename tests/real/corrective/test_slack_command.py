"""Corrective actions from Slack: an action's name stands in place of the incident's number."""

from __future__ import annotations

from pathlib import Path

from fixtures.corrective import PEOPLE, actions_with
from standins.slack import Slack
from tasks.channels.slack.interactive.requests import Command
from tasks.people.slack.command import answer_command


def test_an_action_is_named_in_place_of_the_incident(slack: Slack, home: Path) -> None:
    """Each by its own person; who owns it is told why they may not verify it."""
    actions = actions_with(home, slack)

    def typed(person: str, text: str) -> str:
        user = PEOPLE[person]["slack"]
        command = Command(user_id=user, user_name=person, text=text)
        return answer_command(command, actions.settings, request=f"{person} {text}")

    said = [
        typed("ann", "action-add 1 a test for it --category training --verifier bob"),
        typed("ann", "action-add 1 training bob another test"),
        typed("ann", "action-done CA-1 in abc"),
        typed("ann", "action-verify CA-1"),
        typed("bob", "action-reopen CA-1 it is not there"),
    ]
    texts = [each.text for each in actions.store.corrective.of("1")]

    assert ["a test for it", "another test"] == texts
    assert "CA-1: whoever owns it does not verify it; bob does" == said[3]
    assert said[4].startswith("CA-1: open, ann does it")
    assert ["done: in abc", "it is not there"] == [
        part for each in actions.timeline() for part in ("done: in abc", "it is not there")
        if part in each
    ]  # fmt: skip
