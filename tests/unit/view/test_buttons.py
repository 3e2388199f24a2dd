"""Which buttons there are, in which order, and that each says how it is undone."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from deployments.intake.pages.buttons import buttons_for, undone
from deployments.intake.pages.forms import data_of, fields_of
from schemas.incident import Incident, Severity, Status
from schemas.people import Actor, Method, Person, Role
from tasks.people.act import Shown
from tasks.people.acts import PERSON_ACTS
from tasks.view.bar import Bar
from tasks.view.seen import Seen
from tasks.view.sentence import Held

NOW = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
ROB = Actor("rob", Method.TOKEN, Person(name="rob", roles=(Role.RESPONDER,)))
REA = Actor("rea", Method.TOKEN, Person(name="rea", roles=(Role.READER,)))

WAITS = {
    name: [
        Shown("shop, back on its networks", {"approval": "1", "shown": "aa"}, "restore of shop"),
        Shown("deployments on shop again", {"approval": "2", "shown": "bb"}, "release of shop"),
    ]
    for name in ("approve", "reject")
}
"""What waits for approval."""


def seen(status: Status, *, is_taken: bool, isolated: bool = False) -> Seen:
    """An incident as its page sees it."""
    incident = Incident(
        incident_id=uuid4(), severity=Severity.P1, type="security", detected_at=NOW, status=status
    )
    held = Held({}, {"shop": NOW} if isolated else {}, {}, {}, None)
    bar = Bar(incident, NOW, "", is_taken=is_taken)
    return Seen(incident, bar, [""], [], [], [], 0, held, NOW)


@pytest.mark.parametrize(
    ("there", "first"),
    [
        (seen(Status.OPEN, is_taken=False), "ack"),
        (seen(Status.INVESTIGATING, is_taken=True), "approve"),
        (seen(Status.MITIGATED, is_taken=True, isolated=True), "restore"),
    ],
)
def test_the_likeliest_is_first(there: Seen, first: str) -> None:
    """By the state."""
    assert first == buttons_for(there, PERSON_ACTS, ROB, {}, WAITS).large[0].act.name


def test_what_is_not_possible_has_no_button() -> None:
    """As its dry run says; nor has anything for who may only read."""
    there = seen(Status.INVESTIGATING, is_taken=True)
    foreseen = {"retry": None, "roll-back": "would roll back"}
    found = buttons_for(there, PERSON_ACTS, ROB, foreseen, {})
    names = [each.act.name for each in (*found.large, *found.more)]

    assert not {"approve", "reject", "retry", "ack", "reopen", "confirm"} & set(names)
    assert "would roll back" == found.large[0].foreseen
    assert ([], []) == buttons_for(there, PERSON_ACTS, REA, {}, WAITS)


def test_each_thing_that_waits_has_its_own_buttons() -> None:
    """Large ones, each with what it is for; and its address says which it is."""
    found = buttons_for(seen(Status.INVESTIGATING, is_taken=True), PERSON_ACTS, ROB, {}, WAITS)
    approving = [each for each in found.large if each.act.name == "approve"]

    assert ["Approve: restore of shop", "Approve: release of shop"] == [e.title for e in approving]
    assert ["?approval=1", "?approval=2"] == [each.query for each in approving]
    assert "shop, back on its networks" in approving[0].foreseen
    assert 2 == sum(each.act.name == "reject" for each in found.large)


def test_the_only_one_needs_no_name() -> None:
    """Its button says what it does, and below what it is for."""
    only = {"approve": WAITS["approve"][:1]}
    found = buttons_for(seen(Status.INVESTIGATING, is_taken=True), PERSON_ACTS, ROB, {}, only)

    assert "Approve" == found.large[0].title
    assert "restore of shop" in found.large[0].foreseen


def test_what_is_over_can_be_reopened_and_noted() -> None:
    """And nothing that it has no use for."""
    found = buttons_for(seen(Status.RESOLVED, is_taken=True), PERSON_ACTS, ROB, {}, {})
    names = {each.act.name for each in (*found.large, *found.more)}

    assert {"reopen", "note"} <= names
    assert not {"resolve", "ack", "roll-back", "severity"} & names


def test_every_act_says_how_it_is_undone() -> None:
    """Beside its button; a link between two records does nothing that could be."""
    assert ["link"] == [name for name, act in PERSON_ACTS.items() if not undone(act)]


def test_a_form_asks_for_what_the_act_asks_for() -> None:
    """Choices, texts that must be there, lists: and gives them back as the act's data."""
    resolve = PERSON_ACTS["resolve"].asks
    kinds = {field.name: (field.kind, field.required) for field in fields_of(resolve)}
    services = PERSON_ACTS["services"].asks

    assert ("choice", True) == kinds["disposition"]
    assert ("long", False) == kinds["rootCause"]
    assert {"add": ["api", "web"]} == data_of(services, {"add": "api, web", "remove": " "})
