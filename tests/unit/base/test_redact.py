"""A secret is hidden because of its type, wherever in the settings it stands."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, get_args
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from schemas.settings import Settings
from tasks.base.http_answers import without_secrets
from tasks.base.redact import HIDDEN, redact

SECRET = st.text(alphabet="09AZaz+/=-_.%&éß漢", min_size=4, max_size=40)


def sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every class of a section that a setting may hold, however deep."""
    for argument in get_args(annotation):
        yield from sections_in(argument)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from sections_in(field.annotation)


SECTIONS: list[type[BaseModel]] = list(dict.fromkeys(sections_in(Settings)))
SECRET_SETTINGS: list[tuple[type[BaseModel], str]] = [
    (section, name)
    for section in SECTIONS
    for name, field in section.model_fields.items()
    if SecretStr in (field.annotation, *get_args(field.annotation))
]
WAYS: dict[str, Callable[[SecretStr], object]] = {
    "plain": lambda secret: secret,
    "in a table": lambda secret: {"name": secret},
    "in a list": lambda secret: [secret],
    "in a tuple": lambda secret: ("first", (secret,)),
    "in a set": lambda secret: frozenset({secret}),
    "a key": lambda secret: {secret: "name"},
    "in a model": lambda secret: Inner(key=secret),
    "in a table of models": lambda secret: {"a": (Inner(key=secret),)},
}


class Inner(BaseModel):
    """A section that has a section."""

    key: SecretStr


def settings_with(section: type[BaseModel], name: str, value: object) -> Settings:
    """Settings that have this section somewhere, and in it one value more."""
    plain = Settings.model_construct()
    if section is Settings:
        return plain.model_copy(update={name: value})
    part = section.model_construct().model_copy(update={name: value})
    return plain.model_copy(update={"owners": {"somewhere": (part,)}})


@pytest.mark.parametrize(("section", "name"), SECRET_SETTINGS, ids=str)
def test_every_secret_that_can_be_set_is_hidden(section: type[BaseModel], name: str) -> None:
    """Each field of this type that there is today."""
    settings = settings_with(section, name, SecretStr("s3cret-value"))

    assert f"it is {HIDDEN}." == redact("it is s3cret-value.", settings)


def test_there_are_secrets_to_hide() -> None:
    """The test above walks every section, those in tables too."""
    found = {(section.__name__, name) for section, name in SECRET_SETTINGS}

    assert {
        ("Settings", "database_url"),
        ("PagerDutySettings", "routing_key"),
        ("BreachPage", "security"),
        ("ControlPlane", "token"),
    } <= found


@pytest.mark.parametrize("way", WAYS)
@given(section=st.sampled_from(SECTIONS), secret=SECRET, before=st.text(), after=st.text())
def test_a_secret_that_any_section_gets_is_hidden(
    way: str, section: type[BaseModel], secret: str, before: str, after: str
) -> None:
    """Nobody has to add it to a list."""
    settings = settings_with(section, "added", WAYS[way](SecretStr(secret)))

    assert secret not in redact(before + secret + after, settings)


@given(secret=SECRET, user=st.text("abc@.é", max_size=9), more=st.binary(max_size=4))
def test_a_secret_is_hidden_as_a_request_carries_it(secret: str, user: str, more: bytes) -> None:
    """In JSON, in an address, and in `Basic` authentication under whatever name."""
    settings = settings_with(Settings, "added", SecretStr(secret))
    forms = [
        secret,
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        base64.b64encode(secret.encode()).decode(),
        base64.b64encode(f"{user}:{secret}".encode() + more).decode(),
    ]
    for form in forms:
        shown = without_secrets(f"<{form}>", settings)
        assert form not in shown
        assert HIDDEN in shown


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("https://someone:hunter2secret@example.com/x", ["hunter2secret"]),
        ("postgresql://aeef:p%40ssword@db/aeef", ["p%40ssword", "p@ssword"]),
        ("http://a:[not-an-address@[::", ["[not-an-address"]),
    ],
)
def test_the_password_of_an_address_is_hidden(address: str, secrets: list[str]) -> None:
    """Also where nobody thought that the setting could hold one."""
    for settings in (
        settings_with(Settings, "public_url", address),
        settings_with(Settings, "added", SecretStr(address)),
    ):
        for secret in secrets:
            assert f"a {HIDDEN} b" == redact(f"a {secret} b", settings)
