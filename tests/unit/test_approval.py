"""A named person approves: one rule, whatever is approved."""

from __future__ import annotations

import pytest

from schemas.approval import may_approve, named_person
from schemas.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("ada@example.com", "ada@example.com"),
        ("O'Brien, Jr.", "O'Brien, Jr."),
        ("Žofie Šťastná", "Žofie Šťastná"),
        ("李雷", "李雷"),
        ("x" * 100, "x" * 100),
    ],
)
def test_a_name_is_taken_as_it_is(given: str, name: str) -> None:
    """Only surrounding spaces are removed."""
    assert name == named_person(given, "shop stays isolated")


@pytest.mark.parametrize(
    "given",
    ["", " ", "\n", "\t\u00a0", "x", "a\nb", "a\x1b[2Jb", "a\u202eb", "a\u200bb", "a\x00b",
     "<!channel>", "*bold*", "../../x", "a; rm -rf /", "_ada", "x" * 101],
)  # fmt: skip
def test_what_is_no_name_is_refused_and_not_repeated(given: str) -> None:
    """The error says what stays as it is, and what to do."""
    with pytest.raises(InvalidInput, match=r"^shop stays isolated: name the person who") as caught:
        named_person(given, "shop stays isolated")

    assert len(given.strip()) < 2 or given not in str(caught.value)


def test_where_some_may_the_others_are_refused() -> None:
    """Capitals and spaces make no other person."""
    allowed = (" Ada Lovelace", "Grace Hopper")

    assert "ada lovelace" == named_person("ada lovelace", "it stays", allowed)
    assert may_approve("Anybody", ())
    with pytest.raises(InvalidInput, match=r"^it stays: Ada is not among those who may approve"):
        named_person("Ada", "it stays", allowed)
