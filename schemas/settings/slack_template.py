"""The template of Slack's message: Block Kit with placeholders, as in the spec's JSON.

https://docs.slack.dev/reference/block-kit/blocks. Checked when the settings are read, so that no
incident is the first to find a mistake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, field_validator, model_validator

from schemas.settings.sections import Section

PLACEHOLDERS = (
    "severity", "type", "description", "timestamp", "action_taken",
    "service", "incident_id", "status", "record_url", "run_url",
)  # fmt: skip
"""The spec's five, and ours."""
PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
MOST_BLOCKS = 50
LONGEST_MESSAGE = 12_000
"""Characters of all blocks as JSON; Slack refuses somewhat above 13,000."""
LONGEST = {"header": 150, "section": 3_000, "field": 2_000, "context": 3_000}
"""Characters of a text, by where it is; the pages of each block state them."""
MOST_FIELDS = 10
MOST_ELEMENTS = 10
KEYS = {
    "header": {"type", "text", "block_id"},
    "section": {"type", "text", "fields", "block_id", "expand"},
    "context": {"type", "elements", "block_id"},
    "divider": {"type", "block_id"},
}
TEXT_KEYS = {"mrkdwn": {"type", "text", "verbatim"}, "plain_text": {"type", "text", "emoji"}}
_SECRET = re.compile(r"xox[a-z]-|xapp-|Bearer |https://hooks\.slack\.com/", re.IGNORECASE)

SPEC_BLOCKS: tuple[dict[str, Any], ...] = (
    {"type": "header", "text": "AEEF Incident: {{severity}} - {{type}}"},
    {
        "type": "section",
        "text": "**Description:** {{description}}\n**Detected:** {{timestamp}}\n"
        "**Auto-response:** {{action_taken}}",
    },
    {
        "type": "context",
        "elements": [
            "**Service:** {{service}}",
            "**Incident:** {{incident_id}}",
            "**Status:** {{status}}",
            "<{{record_url}}|Record> | <{{run_url}}|Prefect run>",
        ],
    },
)
"""The spec's template, "Slack Integration", then service, status and links."""


class Text(NamedTuple):
    """A text object in a block, and the most characters that it may have."""

    it: dict[str, Any]
    limit: int


class MessageTemplate(Section):
    """Blocks with placeholders: `blocks` in the table, or `file`, a JSON file with them.

    A text may be a bare string, and bold `**so**`, as in the spec.
    """

    blocks: tuple[dict[str, Any], ...] = Field(default=SPEC_BLOCKS, validate_default=True)
    file: Path | None = Field(default=None, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("file") is None:
            return given
        if "blocks" in given:
            raise ValueError("give `blocks` or `file`, not both")
        path = Path(str(given["file"])).expanduser()
        if not path.is_absolute():
            raise ValueError("file: give its whole path")
        return {**given, "blocks": _blocks_in(path)}

    @field_validator("blocks", mode="before")
    @classmethod
    def _valid(cls, blocks: Any) -> tuple[dict[str, Any], ...]:
        if not isinstance(blocks, list | tuple) or not 1 <= len(blocks) <= MOST_BLOCKS:
            raise ValueError(f"blocks: a list of 1 to {MOST_BLOCKS} blocks")
        made = tuple(
            _block(block, f"block {number}") for number, block in enumerate(blocks, start=1)
        )
        if len(json.dumps(made)) > LONGEST_MESSAGE * 3 // 4:
            raise ValueError("the blocks are too long: no room for what is put into them")
        return made


def texts_of(block: dict[str, Any]) -> Iterator[Text]:
    """The text objects of a block."""
    kind = block["type"]
    if "text" in block:
        yield Text(block["text"], LONGEST[kind])
    yield from (Text(each, LONGEST["field"]) for each in block.get("fields", ()))
    yield from (Text(each, LONGEST["context"]) for each in block.get("elements", ()))


def _blocks_in(path: Path) -> Any:
    """The blocks of a JSON file: a list, `{"blocks": …}`, or the spec's whole Slack JSON."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ValueError(f"{path} is not JSON in UTF-8") from None
    for name in ("templates", "incident", "blocks"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found


def _block(block: Any, where: str) -> dict[str, Any]:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str) or kind not in KEYS:
        raise ValueError(f"{where}: `type` must be one of {', '.join(sorted(KEYS))}")
    if unknown := sorted(map(str, set(block) - KEYS[kind])):
        raise ValueError(f"{where}: a {kind} has no {', '.join(unknown)[:80]}")
    made = dict(block)
    if kind == "header":
        made["text"] = _text(block.get("text"), where, LONGEST[kind], only="plain_text")
    if kind == "section":
        if "text" not in block and "fields" not in block:
            raise ValueError(f"{where}: a section needs `text` or `fields`")
        if "text" in block:
            made["text"] = _text(block["text"], where, LONGEST[kind])
        if "fields" in block:
            made["fields"] = _list(block["fields"], where, "fields", MOST_FIELDS, LONGEST["field"])
    if kind == "context":
        found = block.get("elements")
        made["elements"] = _list(found, where, "elements", MOST_ELEMENTS, LONGEST[kind])
    return made


def _list(given: Any, where: str, name: str, most: int, limit: int) -> list[dict[str, Any]]:
    if not isinstance(given, list | tuple) or not 1 <= len(given) <= most:
        raise ValueError(f"{where}: `{name}` must be a list of 1 to {most} texts")
    return [_text(each, where, limit) for each in given]


def _text(given: Any, where: str, limit: int, only: str = "") -> dict[str, Any]:
    if isinstance(given, str):
        text = given if only else re.sub(r"\*\*(.+?)\*\*", r"*\1*", given)
        given = {"type": only or "mrkdwn", "text": text}
    kind = given.get("type") if isinstance(given, dict) else None
    if kind not in TEXT_KEYS or (only and kind != only) or set(given) - TEXT_KEYS[kind]:
        raise ValueError(f"{where}: a text is a string or {{type = {only or 'mrkdwn'!r}, text}}")
    text = given.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{where}: a text is empty")
    _check(text, where, limit)
    if kind == "mrkdwn":
        _check_addresses(text, where)
        return {**given, "verbatim": True}  # else Slack would link names in what is put in
    return {"emoji": False, **given}


def _check_addresses(text: str, where: str) -> None:
    """In `<address|text>` a value could mention a channel: only our two addresses may be there."""
    for address in re.findall(r"<([^<>|]*)", text):
        if any(name not in ("record_url", "run_url") for name in PLACEHOLDER.findall(address)):
            raise ValueError(
                f"{where}: behind `<` only {{{{record_url}}}} and {{{{run_url}}}} can be put in; a"
                " `<` itself is written &lt;"
            )


def _check(text: str, where: str, limit: int) -> None:
    for name in PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            known = ", ".join(PLACEHOLDERS)
            raise ValueError(f"{where}: there is no {{{{{name[:40]}}}}}; there are: {known}")
    fixed = PLACEHOLDER.sub("", text)
    if "{{" in fixed or "}}" in fixed:
        raise ValueError(f"{where}: a placeholder is written {{{{name}}}}")
    room = limit - 10 * (len(PLACEHOLDER.findall(text)))
    if len(fixed.encode("utf-16-le")) // 2 > room:
        raise ValueError(f"{where}: a text is too long: Slack takes {limit} characters")
    if _SECRET.search(text):
        raise ValueError(f"{where}: it looks like a secret; everybody in the channel reads it")
