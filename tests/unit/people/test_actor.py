"""What stands on record of whoever acts, and what may be read from it again."""

from __future__ import annotations

import pytest

from schemas.people import Actor, Method, Person, Role, local_user, name_on_record

ANN = Person(name="ann", display_name="Ann", roles=(Role.RESPONDER,))


@pytest.mark.parametrize(
    ("actor", "on_record"),
    [
        *((Actor("ann", method, ANN), f"ann ({method})") for method in Method if method != "local"),
        (local_user("ceo"), "local user ceo, not proven"),
    ],
)
def test_who_it_was_can_be_read_from_the_record(actor: Actor, on_record: str) -> None:
    """By every method; `[contacts.NAME] person` is compared with it."""
    assert on_record == actor.on_record
    assert actor.name == name_on_record(actor.on_record)


@pytest.mark.parametrize("text", ["ada", "aeef-runbooks", "", "(token)", "ann (by hand)"])
def test_any_other_text_is_a_name_itself(text: str) -> None:
    """As earlier versions wrote it, and as our own processes do."""
    assert text == name_on_record(text)
