"""A template with a mistake stops the start, and the error says where it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.errors import ConfigurationError
from schemas.settings import load_settings
from schemas.settings.slack_template import MessageTemplate

LONG = "x" * 3_001


@pytest.mark.parametrize(
    ("blocks", "why"),
    [
        ([], "1 to 50 blocks"),
        ([{"type": "divider"}] * 51, "1 to 50 blocks"),
        ("x", "1 to 50 blocks"),
        ([{"type": "actions", "elements": []}], "block 1: `type` must be one of"),
        ([{"type": "divider"}, {"type": "header"}], "block 2: a text is"),
        ([{"type": "header", "text": "x" * 151}], "block 1: a text is too long: .*150"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "plain_text"),
        ([{"type": "section", "text": LONG}], "too long: .*3000"),
        ([{"type": "section", "fields": ["x" * 2_001]}], "too long: .*2000"),
        ([{"type": "section", "fields": ["x"] * 11}], "`fields` must be a list of 1 to 10"),
        ([{"type": "section"}], "needs `text` or `fields`"),
        ([{"type": "section", "text": " "}], "a text is empty"),
        ([{"type": "section", "text": "x", "accessory": {}}], "a section has no accessory"),
        ([{"type": "context", "elements": []}], "`elements` must be a list"),
        ([{"type": "section", "text": "{{token}}"}], "there is no {{token}}; there are: severity"),
        ([{"type": "section", "text": "{{description}"}], "is written {{name}}"),
        ([{"type": "section", "text": "<!{{service}}>"}], "only {{record_url}} and {{run_url}}"),
        ([{"type": "section", "text": "<{{description}}|x>"}], "only {{record_url}}"),
        ([{"type": "section", "text": "xoxb-1-2"}], "looks like a secret"),
        ([{"type": "section", "text": "x" * 2_900}] * 5, "the blocks are too long"),
    ],
)
def test_a_mistake_is_named(blocks: Any, why: str) -> None:
    """By the number of its block."""
    with pytest.raises(ValidationError, match=why):
        MessageTemplate(blocks=blocks)


def test_the_spec_s_json_is_read_from_a_file(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of it, with channels; and from the config file as a table."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    spec = {"channels": {}, "templates": {"incident": {"blocks": [{"type": "divider"}]}}}
    (tmp_path / "slack.json").write_text(json.dumps(spec))
    for given in (f'file = "{tmp_path / "slack.json"}"', 'blocks = [{ type = "divider" }]'):
        Path("aeef.toml").write_text(f"[slack.templates.incident]\n{given}\n# {given}")

        assert ({"type": "divider"},) == load_settings().slack.templates.incident.blocks


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ('file = "slack.json"', "give its whole path"),
        ('file = "/nowhere/slack.json"', "cannot be read: No such file"),
        ('file = "/dev/null"', "is not JSON"),
        ('file = "/x.json"\nblocks = []', "not both"),
        ('text = "x"', "text"),
    ],
)
def test_a_wrong_file_stops_the_start(
    home: Path, monkeypatch: pytest.MonkeyPatch, given: str, why: str
) -> None:
    """With the place in the config file."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    Path("aeef.toml").write_text(f"[slack.templates.incident]\n{given}\n")

    with pytest.raises(ConfigurationError, match=f"slack.templates.incident.*{why}"):
        load_settings()
