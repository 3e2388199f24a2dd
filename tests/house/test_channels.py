"""Every channel keeps the rules of the list, and the code that pages uses the list."""

from __future__ import annotations

import ast

import pytest
from pydantic import TypeAdapter

from schemas.incident import DEFAULT_ROUTES, ChannelName
from schemas.settings import Settings
from support import ROOT
from tasks.channels.channel import Channel
from tasks.channels.channels import CHANNELS

ASK_THE_LIST = (
    "tasks/notify/page_on_call.py",
    "tasks/notify/page_record.py",
    "tasks/notify/page_round.py",
    "tasks/notify/page_unrecorded.py",
    "tasks/notify/stand_down.py",
    "tasks/breach/page_breach_teams.py",
    "tasks/approvals/ask.py",
    "tasks/breach/clocks/ring_clock.py",
    "deployments/intake/beside/sweep.py",
    "deployments/intake/door.py",
    "tasks/armed/people.py",
    "deployments/intake/beside/unrecorded.py",
    "deployments/intake/beside/escalations.py",
    "tasks/escalation/escalate.py",
    "deployments/up/up.py",
)
OF_THE_LIST = {"tasks.channels.channel", "tasks.channels.channels", "tasks.channels.reach"}
THREAD = "tasks.channels.slack.message"
"""News is posted in the incident's thread too; that pages nobody."""


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_a_channel_is_complete(channel: Channel) -> None:
    """Each has a unique name, says what to set, and keeps alerts alive if they expire."""
    same = [each for each in CHANNELS if channel.name == each.name or channel.title == each.title]

    assert [channel] == same
    assert channel.name == TypeAdapter[str](ChannelName).validate_python(channel.name)
    assert channel.needs
    assert channel.limits
    assert not channel.configured(Settings.model_construct())
    does_nothing = type(channel).keep_alive is Channel.keep_alive
    assert does_nothing == (channel.keep_alive_every is None)
    assert channel.rings or type(channel).resolve is Channel.resolve


def test_the_default_routes_name_channels_that_there_are() -> None:
    """All of them, in the order of the list."""
    names = tuple(channel.name for channel in CHANNELS)

    assert {names} == {route.page_channels for route in DEFAULT_ROUTES.values()}


@pytest.mark.parametrize("path", ASK_THE_LIST)
def test_who_pages_names_no_vendor(path: str) -> None:
    """It imports the list, no client, and has no vendor's name in its code."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    imported = {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("tasks.channels")
    }
    names = {channel.name for channel in CHANNELS}
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}

    assert set() == imported - OF_THE_LIST - {THREAD}
    assert set() == names & (words | read)
