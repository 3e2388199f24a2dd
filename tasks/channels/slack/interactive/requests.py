"""Reads what Slack sends: a button that was pressed, a form that was filled in, a command.

https://docs.slack.dev/interactivity/handling-user-interaction,
https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from __future__ import annotations

import json
from typing import Any, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, Field, ValidationError

from schemas.errors import InvalidInput
from tasks.base.storable import clean_json
from tasks.base.trim import clean, one_line, trim

MOST_FIELDS = 100
NAME_LIMIT = 100
TEXT_LIMIT = 4_000
"""Ours, in characters: of a name, and of a command."""


class User(BaseModel):
    """Somebody of the workspace."""

    id: str
    name: str = ""
    username: str = ""

    @property
    def called(self) -> str:
        """Their name in Slack, and the id by which we know people."""
        name = trim(one_line(self.name or self.username), NAME_LIMIT)
        return f"{name} ({self.id})" if name else self.id


class Pressed(BaseModel):
    """One button."""

    action_id: str
    block_id: str = ""
    value: str = ""


class Action(BaseModel):
    """Somebody pressed a button (of the first, if it were several)."""

    type: Literal["block_actions"]
    user: User
    trigger_id: str = ""
    response_url: str = ""
    actions: list[Pressed] = Field(min_length=1)


class _Text(BaseModel):
    value: str = ""


class _Input(BaseModel):
    value: str | None = None
    selected_option: _Text | None = None

    @property
    def given(self) -> str:
        """What was typed or chosen; empty: nothing."""
        return self.selected_option.value if self.selected_option else self.value or ""


class _State(BaseModel):
    values: dict[str, dict[str, _Input]] = Field(default_factory=dict)


class _View(BaseModel):
    private_metadata: str = ""
    callback_id: str = ""
    state: _State = _State()

    @property
    def given(self) -> dict[str, str]:
        """What was filled in, by field; a field's block and its element have its name."""
        found = (
            (name, each) for block in self.state.values.values() for name, each in block.items()
        )
        return {name: each.given for name, each in found if each.given.strip()}


class Submission(BaseModel):
    """Somebody sent a form."""

    type: Literal["view_submission"]
    user: User
    view: _View


class Command(BaseModel):
    """Somebody typed `/aeef …`."""

    user_id: str
    user_name: str = ""
    command: str = "/aeef"
    text: str = ""
    response_url: str = ""

    @property
    def user(self) -> User:
        """Who typed it."""
        return User(id=self.user_id, name=self.user_name)


class _Other(BaseModel):
    type: str


def read_command(body: bytes) -> Command:
    """A slash command. Raises InvalidInput that names the field."""
    try:
        read = Command.model_validate(_form(body))
    except ValidationError as error:
        raise _wrong(error) from None
    return read.model_copy(update={"text": trim(clean(read.text), TEXT_LIMIT)})


def read_interaction(body: bytes) -> Action | Submission | None:
    """A button or a form; None for another kind, which is not ours. Raises InvalidInput."""
    try:
        data = clean_json(json.loads(_form(body).get("payload", "")))
    except (ValueError, RecursionError):
        raise InvalidInput("payload: JSON was expected in a form, as Slack sends it") from None
    try:
        kind = _Other.model_validate(data).type
        if kind == "block_actions":
            return Action.model_validate(data)
        return Submission.model_validate(data) if kind == "view_submission" else None
    except ValidationError as error:
        raise _wrong(error) from None


def _form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:  # also UnicodeDecodeError
        raise InvalidInput("body: a form was expected, as Slack sends it") from None
    return clean_json(dict(pairs))  # type: ignore[no-any-return]


def _wrong(error: ValidationError) -> InvalidInput:
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    return InvalidInput(f"not a request of Slack: {field}: {first['msg']}")
