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
from deployments.registry.catalog import RUNBOOK_OF, flows
from documents import DOCUMENTS as PAGES
from documents import blocks_of
from schemas.incident import IncidentType
from schemas.settings import Settings
from support import ROOT
from tasks.channels.channel import Channel
from tasks.channels.channels import CHANNELS

RUNBOOKS = sorted({RUNBOOK_OF.get(incident_type, "triage") for incident_type in IncidentType})
OURS = ("schemas", "tasks", "flows", "deployments", "tests", "docs")
OF_A_TARGET = {"deployments/history.json"}
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
    assert f"`{flow}`" in text or f"`{flow}/" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_page_and_a_heading_that_are_there(page: Path) -> None:
    """Links to other sites are not followed."""
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_fences(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path) if path else page
        if not there.exists() or (anchor and anchor not in map(slug, headings(there))):
            wrong.append(link)
    assert [] == wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_of_ours_that_is_named_is_there(page: Path) -> None:
    """By its path; but for those that the guide has its reader make, and the target's own."""
    made = {block.path for block in blocks_of(page) if block.language in ("python", "markdown")}
    named = set(re.findall(rf"`((?:{'|'.join(OURS)})/[\w./-]+)`", without_fences(page)))

    assert [] == [each for each in sorted(named - made - OF_A_TARGET) if not (ROOT / each).exists()]


def headings(page: Path) -> list[str]:
    """The headings of a page, in order."""
    return re.findall(r"(?m)^#+ (.+)$", without_fences(page))


def without_fences(page: Path) -> str:
    """The text of a page, less its blocks of code."""
    return re.sub(r"(?ms)^```.*?^```$", "", page.read_text("utf-8"))


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
