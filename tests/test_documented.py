"""Every command and every setting is in the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel

from deployments.cli import app
from schemas.settings import Settings

ROOT = Path(__file__).parent.parent


def commands(group: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Every command as it is typed, also those of groups."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


def variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """The environment variable of every setting that has one; tables of tables have none."""
    for name, field in model.model_fields.items():
        section = next((each for each in _classes(field.annotation)), None)
        if section is None:
            yield prefix + name.upper()
        else:
            yield from variables(section, f"{prefix}{name.upper()}__")


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) in (Union, UnionType):
        for argument in get_args(annotation):
            yield from _classes(argument)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


@pytest.fixture(scope="module")
def text() -> str:
    """README.md and everything in docs/."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    return "\n".join(file.read_text("utf-8") for file in files)


def mentions(text: str, name: str) -> bool:
    """True when the text has it, as a word of its own."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


@pytest.mark.parametrize("command", list(commands(typer.main.get_command(app), ("aeef",))))
def test_every_command_is_documented(text: str, command: str) -> None:
    """As it is typed."""
    assert mentions(text, command)


@pytest.mark.parametrize("variable", list(variables(Settings, "AEEF_")))
def test_every_setting_is_documented(text: str, variable: str) -> None:
    """By its environment variable; those that are tables by it too."""
    assert mentions(text, variable)


def test_there_is_something_to_document() -> None:
    """The two tests above find what is there."""
    assert {"aeef up", "aeef incidents list", "aeef audit verify"} <= set(
        commands(typer.main.get_command(app), ("aeef",))
    )
    assert {"AEEF_HOME", "AEEF_PAGERDUTY__ROUTING_KEY", "AEEF_TARGETS"} <= set(
        variables(Settings, "AEEF_")
    )
