"""A form in Slack for what an act asks for.

https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from tasks.base.trim import trim
from tasks.channels.slack.interactive.buttons import BLOCK
from tasks.channels.slack.markup import plain

TITLE_LIMIT = 24
OPTION_LIMIT = 75
LABEL_LIMIT = 2_000
TEXT_LIMIT = 3_000
LONGEST_INPUT = 3_000
MOST_SECTIONS = 20
"""Ours, of what is shown: Slack takes 100 blocks, and nobody reads more on a phone."""


class Question(NamedTuple):
    """One field. choices: what can be chosen; none: free text."""

    name: str
    label: str
    choices: tuple[str, ...] = ()
    required: bool = True


class Subject(NamedTuple):
    """What a form is about: it comes back with it. given: fields that are not asked for."""

    act: str
    incident_id: str
    given: dict[str, str]


def fits(shown: str) -> bool:
    """True when a form can show all of it."""
    return len(shown) <= TEXT_LIMIT // 2 * MOST_SECTIONS


def form(
    title: str, says: Sequence[str], subject: Subject, questions: Sequence[Question]
) -> dict[str, Any]:
    """The form. title: also the words of its button. says: what it will do, and to what."""
    # Half of the limit: what Slack wants escaped must not cut the end of a part off.
    size = TEXT_LIMIT // 2
    parts = [text[at : at + size] for text in says for at in range(0, len(text), size)]
    blocks = [*map(_section, parts), *map(_input, questions)]
    return {
        **_view(title),
        "callback_id": BLOCK,
        "private_metadata": json.dumps(subject._asdict()),
        "submit": _plain(title, TITLE_LIMIT),
        "blocks": blocks,
    }


def outcome(title: str, said: str) -> dict[str, Any]:
    """What the form shows afterwards."""
    return {"response_action": "update", "view": {**_view(title), "blocks": [_section(said)]}}


def mistake(field: str, why: str) -> dict[str, Any]:
    """What is wrong, beside the field."""
    return {"response_action": "errors", "errors": {field: trim(plain(why), LABEL_LIMIT)}}


def subject_of(private_metadata: str) -> Subject | None:
    """What the form was about; None when it was not made here."""
    try:
        read = json.loads(private_metadata)
        given = {str(name): str(value) for name, value in read["given"].items()}
        return Subject(str(read["act"]), str(read["incident_id"]), given)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None


def _view(title: str) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": _plain(title, TITLE_LIMIT),
        "close": _plain("Close", TITLE_LIMIT),
    }


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _plain(text, TEXT_LIMIT)}


def _input(question: Question) -> dict[str, Any]:
    element: dict[str, Any]
    if question.choices:
        options = [{"text": _plain(each, OPTION_LIMIT), "value": each} for each in question.choices]
        element = {"type": "static_select", "action_id": question.name, "options": options}
    else:
        element = {"type": "plain_text_input", "action_id": question.name,
                   "multiline": True, "max_length": LONGEST_INPUT}  # fmt: skip
    return {
        "type": "input",
        "block_id": question.name,
        "label": _plain(question.label, LABEL_LIMIT),
        "element": element,
        "optional": not question.required,
    }


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": trim(plain(text), limit) or "-", "emoji": False}
