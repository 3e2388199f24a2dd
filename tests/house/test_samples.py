"""Every sample in README and docs/ is one that works: commands, settings, records, alerts."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from deployments.cli.app import app
from documents import DOCUMENTS, Block, blocks_of, commands_of
from schemas.incident import Incident
from schemas.settings import load_settings
from schemas.validation import validate
from support import ROOT
from tasks.incident.open_incident import parse_alert

BLOCKS = [block for page in DOCUMENTS for block in blocks_of(page)]
AEEF: Any = typer.main.get_command(app)
OWN_OPTIONS = {option for parameter in AEEF.params for option in parameter.opts}
OPTIONAL = str.maketrans("[]", "  ")
PLACEHOLDERS = {"TYPE": "unknown", "KIND": "aware", "FACT": "aware", "N": "1"}
TARGET = """
[targets.{name}]
repository = "/srv/it"
deploy_command = ["./deploy", "{{commit}}"]
required_gates = ["tests"]
health = {{ command = ["true"] }}
"""
"""What a target needs besides the table that a page explains."""


def in_language(*languages: str) -> pytest.MarkDecorator:
    """One test for each block in one of them, named by its page and line."""
    found = [block for block in BLOCKS if block.language in languages]
    assert found
    return pytest.mark.parametrize("block", found, ids=str)


def typed(*starts: str) -> list[Any]:
    """The commands that begin so, in blocks, with the place of the first."""
    found: dict[str, str] = {}
    for block in BLOCKS:
        for command in commands_of(block):
            found.setdefault(command, str(block))
    return _named(found, starts)


def mentioned(*starts: str) -> list[Any]:
    """The commands that begin so, as the text and its tables name them."""
    found: dict[str, str] = {}
    for page in DOCUMENTS:
        for command in re.findall(r"`((?:aeef|make) [^`…|]+)`", page.read_text("utf-8")):
            found.setdefault(" ".join(command.translate(OPTIONAL).split()), page.name)
    return _named(found, starts)


def _named(found: dict[str, str], starts: tuple[str, ...]) -> list[Any]:
    commands = {command: place for command, place in found.items() if command.startswith(starts)}
    assert commands
    return [pytest.param(each, id=f"{place} {each}"[:90]) for each, place in commands.items()]


def understand(command: str, *, complete: bool) -> None:
    """Have each word of a command line understood by the real command; nothing is carried out.

    complete: what the command cannot do without is there, too.
    """
    words = shlex.split(re.split(r" \|\|? | > ", command)[0], comments=True)[1:]
    words = [PLACEHOLDERS.get(word, word) for word in words]
    parser, context = AEEF, None
    while hasattr(parser, "resolve_command") and (words or not parser.invoke_without_command):
        name, parser, words = parser.resolve_command(parser.context_class(parser), words)
        context = parser.context_class(parser, info_name=name, parent=context)
    if complete or words:
        parser.make_context(None, words, parent=context)


@pytest.mark.parametrize("command", typed("aeef ", ".venv/bin/aeef "))
def test_every_command_line_is_understood(command: str) -> None:
    """It can be typed as it stands."""
    understand(command, complete=True)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("aeef resolve 3f90 --cause bad", "--cause"),
        ("aeef report outage", "outage"),
        ("aeef incidents print", "print"),
        ("aeef freeze on", "target"),
    ],
)
def test_a_command_line_that_is_wrong_is_found(command: str, problem: str) -> None:
    """The two tests around this one find what they look for."""
    with pytest.raises(Exception, match=problem):
        understand(command, complete=True)


@pytest.mark.parametrize("command", mentioned("aeef "))
def test_every_command_that_is_named_is_there(command: str) -> None:
    """With the options that are named with it."""
    if command.startswith("aeef --"):
        assert command.split()[1] in OWN_OPTIONS
    else:
        understand(command, complete=False)


@pytest.mark.parametrize("command", [*typed("make "), *mentioned("make ")])
def test_make_knows_every_target(command: str) -> None:
    """It says what it would do; nothing is done."""
    ran = subprocess.run(
        ["make", "--dry-run", *shlex.split(command.partition(";")[0])[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "") == (ran.returncode, ran.stderr)


@in_language("toml")
def test_settings_are_accepted(block: Block, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand; a table of a target alone is read beside the rest of that target."""
    given = tomllib.loads(block.text).get("targets", {})
    partial = [name for name, table in given.items() if "repository" not in table]
    home.mkdir()
    config = home / "aeef.toml"
    config.write_text(block.text + "".join(TARGET.format(name=name) for name in partial))
    monkeypatch.setenv("AEEF_CONFIG", str(config))

    assert load_settings()


@in_language("json")
def test_records_are_valid(block: Block) -> None:
    """By the schema of what it is; every other one is JSON at least."""
    record = json.loads(block.text)
    schemas = {"deployments": "history", "stages": "provenance", "agents": "agent-registry"}
    for key, schema in schemas.items():
        if key in record:
            validate(schema, record)
    if "incidentId" in record and "seq" not in record:
        validate("incident", record)
        assert Incident.model_validate(record)


@in_language("yaml")
def test_yaml_is_read(block: Block) -> None:
    """The vendors' programs judge the rest."""
    assert yaml.safe_load(block.text)


@pytest.mark.parametrize(
    "command", [each for each in typed("curl ") if "/v1/alerts" in str(each.values[0])]
)
def test_alerts_are_understood(command: str) -> None:
    """The body that it posts."""
    words = shlex.split(command)
    body = json.loads(words[words.index("--json") + 1])

    assert body.get("type") == parse_alert(body).type
