"""Every command, setting and runbook is in the documentation, and its links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel

from deployments.cli.app import app
from deployments.registry.register import RUNBOOK_OF, flows
from schemas.incident import IncidentType
from schemas.settings import Settings
from support import ROOT
from tasks.channels.channel import Channel
from tasks.channels.channels import CHANNELS

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
RUNBOOKS = sorted({RUNBOOK_OF.get(incident_type, "triage") for incident_type in IncidentType})
SECTIONS = (
    "What starts it",
    "What it does, in which order",
    "What it needs",
    "Try it safely",
    "Undo",
)


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
    return "\n".join(page.read_text("utf-8") for page in PAGES)


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


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_every_channel_is_documented(text: str, channel: Channel) -> None:
    """Its name for routes, what it needs, and what it takes at most: that and nothing else."""
    rows = re.findall(rf"(?m)^\| `{channel.name}` \| (.+) \| ([0-9]+) \|$", text)

    assert mentions(text, f"`{channel.name}`")
    assert set(channel.needs) <= set(variables(Settings, "AEEF_"))
    assert {what: int(most) for what, most in rows} == dict(channel.limits)


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_every_runbook_has_its_page(runbook: str) -> None:
    """And the README leads there."""
    page = ROOT / "docs" / f"runbook-{runbook}.md"
    assert page.is_file(), f"the runbook {runbook} has no {page.name}"
    assert f"]({page.relative_to(ROOT)})" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("runbook-*.md")), ids=lambda p: p.stem)
def test_the_page_of_a_runbook_leaves_nothing_out(page: Path) -> None:
    """Each section is there, says something, and stands where a reader expects it."""
    parts = re.split(r"(?m)^## (.+)$", page.read_text("utf-8"))
    said = dict(zip(parts[1::2], parts[2::2], strict=True))

    assert [] == [name for name in SECTIONS if len(said.get(name, "").split()) < 5]
    assert list(SECTIONS[:3]) == [name for name in said if name in SECTIONS[:3]]


@pytest.mark.parametrize("flow", [flow.name for flow in flows()])
def test_every_flow_is_in_the_documentation(text: str, flow: str) -> None:
    """By its name, as code."""
    assert f"`{flow}`" in text or f"`{flow}/respond`" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_page_and_a_heading_that_are_there(page: Path) -> None:
    """Links to other sites are not followed."""
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path) if path else page
        if not there.exists() or (anchor and anchor not in map(slug, headings(there))):
            wrong.append(link)
    assert [] == wrong


def headings(page: Path) -> list[str]:
    """The headings of a page, in order."""
    plain = re.sub(r"(?ms)^```.*?^```$", "", page.read_text("utf-8"))
    return re.findall(r"(?m)^#+ (.+)$", plain)


def slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_there_is_something_to_document() -> None:
    """The two tests above find what is there."""
    assert {"aeef up", "aeef incidents list", "aeef audit verify"} <= set(
        commands(typer.main.get_command(app), ("aeef",))
    )
    assert {"AEEF_HOME", "AEEF_PAGERDUTY__ROUTING_KEY", "AEEF_TARGETS"} <= set(
        variables(Settings, "AEEF_")
    )
