"""The words behind `/aeef VERB NUMBER` become what the act asks for."""

from __future__ import annotations

import pytest

from schemas.errors import InvalidInput
from schemas.settings import Settings
from standins.standin import settings_for
from tasks.people.acts import PERSON_ACTS
from tasks.people.slack.mentions import without_markup
from tasks.people.slack.words import fields_of, read_fields, usage


@pytest.mark.parametrize(
    ("act", "words", "given"),
    [
        ("ack", "", {}),
        ("note", "the pool, and its limit", {"text": "the pool, and its limit"}),
        ("resolve", "fixed", {"disposition": "fixed"}),
        ("resolve", "fixed too small", {"disposition": "fixed", "root_cause": "too small"}),
        (
            "resolve",
            '--disposition fixed --root-cause "too small"',
            {"disposition": "fixed", "root_cause": "too small"},
        ),
        (
            "resolve",
            "fixed —root-cause too small",
            {"disposition": "fixed", "root_cause": "too small"},
        ),
        ("severity", "P1 cannot pay", {"severity": "P1", "reason": "cannot pay"}),
        ("hand-over", "ann my shift ends", {"to": "ann", "reason": "my shift ends"}),
        ("services", "--add shop,till --remove web", {"add": ["shop", "till"], "remove": ["web"]}),
        ("unack", "I am ill", {"reason": "I am ill"}),
    ],
)
def test_words(act: str, words: str, given: dict[str, object]) -> None:
    """In order, or by name."""
    fields = fields_of(PERSON_ACTS[act].asks)
    assert given == read_fields(words, fields)
    PERSON_ACTS[act].asks.model_validate(given)


@pytest.mark.parametrize(("act", "words"), [("ack", "more"), ("note", "--made-up x")])
def test_left_over(act: str, words: str) -> None:
    """What fits nowhere is an error, and not left out."""
    with pytest.raises(InvalidInput):
        read_fields(words, fields_of(PERSON_ACTS[act].asks))


def test_every_act_can_be_typed() -> None:
    """What an act needs has a place in its usage."""
    for act in PERSON_ACTS.values():
        fields = fields_of(act.asks)
        needed = [field for field in fields if field.required]
        assert len(usage(fields).split()) >= len(needed)


@pytest.fixture
def configured() -> Settings:
    """Somebody who is known."""
    return settings_for(people={"ann": {"roles": ["reader"], "slack": "U123"}})


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("note 1 a &lt;b&gt; &amp;amp;", "note 1 a <b> &amp;"),
        ("hand-over 1 <@U123|x>", "hand-over 1 ann"),
        ("hand-over 1 <@U999>", "hand-over 1 U999"),
        ("note 1 see <http://a.example|a.example>", "note 1 see a.example"),
    ],
)
def test_markup(configured: Settings, sent: str, typed: str) -> None:
    """What Slack makes of a text is turned back."""
    assert typed == without_markup(sent, configured)
