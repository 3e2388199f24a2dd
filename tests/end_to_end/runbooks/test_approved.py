"""A freeze that two people have to release: once they have signed, it is released by itself."""

from __future__ import annotations

import pytest

from fixtures.stack import Stack
from schemas.people import Actor, Method
from schemas.settings import Target, load_settings
from tasks.people.acts import perform
from tasks.store import open_store

PEOPLE = """
[approvals.release-freeze]
needs = ["engineering", "security"]
[people.ada]
roles = ["approver-engineering", "approver-security"]
[people.eve]
roles = ["approver-security"]
"""


def test_a_freeze_is_released_by_itself_once_two_have_signed(
    stack: Stack, demo_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a flow that the dispatcher starts; who typed the command has not to come back."""
    name = demo_target.name
    stack.configure(demo_target, more=PEOPLE)
    assert 0 == stack.command("freeze", "on", "--target", name).returncode
    made_up = stack.command("freeze", "release", "--target", name, "--approver", "Ada")
    assert (1, True) == (made_up.returncode, "a name proves nothing here" in made_up.stderr)
    asked = stack.command("freeze", "release", "--target", name)
    assert (1, True) == (asked.returncode, "waits for approval until" in asked.stderr)
    for variable, value in stack.env.items():
        monkeypatch.setenv(variable, value)
    settings = load_settings()
    store = open_store(settings)
    [waits] = [each for each in store.approvals.pending() if each.question.subject == name]

    for person in ("ada", "eve"):
        assert 3 == stack.command("freeze", "status", "--target", name).returncode
        actor = Actor(person, Method.TOKEN, settings.people[person])
        perform("approve", str(waits.incident_id), {}, actor, settings)
    store.close()

    stack.wait_for(lambda: stack.command("freeze", "status", "--target", name).returncode == 0)
    said = stack.actions(str(waits.incident_id))
    assert any("approved by ada (token), eve (token)" in each for each in said), said
