"""Renders an incident for Jira: one summary line, and a description in Atlassian Document Format.

https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from schemas.incident import Incident
from schemas.links import links_for
from schemas.settings import Settings
from tasks.base.trim import characters, clean, one_line, trim

SUMMARY_LIMIT = 255
"""https://support.atlassian.com/jira-software-cloud/docs/available-fields/ (and no newline)"""
DESCRIPTION_LIMIT = 32_767
"""https://confluence.atlassian.com/jirakb/1063556022.html; applied to the whole document as JSON,
to be safe however a site counts."""
NAME_LIMIT = 300


def summary_of(incident: Incident) -> str:
    """The spec's summary, service and description: `AEEF Incident: P3 - drift shop: …`."""
    named = f"{incident.severity} - {incident.kind} {incident.service}"
    line = one_line(f"{incident.mark}AEEF Incident: {named}")
    line += incident.which_occurrence
    about = one_line(incident.public_description)
    return trim(line + (f": {about}" if about else ""), SUMMARY_LIMIT)


def description_of(incident: Incident, settings: Settings) -> dict[str, Any]:
    """The ticket's description, trimmed so that the document fits."""
    text = clean(incident.public_description).strip()

    def size(description: str) -> int:
        return characters(json.dumps(_document(incident, settings, description)))

    return _document(incident, settings, trim(text, DESCRIPTION_LIMIT, size=size))


def _document(incident: Incident, settings: Settings, description: str) -> dict[str, Any]:
    links = links_for(incident, settings)
    facts = [
        ("Severity", incident.severity.value),
        ("Type", incident.public_kind),
        ("Service", incident.service),
        ("Detected", f"{incident.detected_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Incident", str(incident.incident_id)),
    ]
    items = [_item(_text(f"{name}: ", _STRONG), *_said(value)) for name, value in facts]
    items.append(_item(_text("Incident record", _link(links.incident))))
    items.append(_item(_text("Prefect flow run", _link(links.run))))
    return {
        "type": "doc",
        "version": 1,
        "content": [*_paragraphs(description), {"type": "bulletList", "content": items}],
    }


_STRONG = {"type": "strong"}


def _link(url: str) -> dict[str, Any]:
    return {"type": "link", "attrs": {"href": url}}


def _text(text: str, mark: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": text, "marks": [mark]}


def _said(value: str) -> list[dict[str, Any]]:
    """A list of text nodes; empty for an empty text, as empty text nodes are invalid."""
    text = trim(one_line(value), NAME_LIMIT)
    return [{"type": "text", "text": text}] if text else []


def _item(*inline: dict[str, Any]) -> dict[str, Any]:
    return {"type": "listItem", "content": [{"type": "paragraph", "content": list(inline)}]}


def _paragraphs(text: str) -> Iterator[dict[str, Any]]:
    """One paragraph for each block of lines between empty lines; line ends as hard breaks."""
    for part in text.split("\n\n"):
        inline: list[dict[str, Any]] = []
        for line in part.strip("\n").split("\n"):
            if inline:
                inline.append({"type": "hardBreak"})
            if line:
                inline.append({"type": "text", "text": line})
        if any(node["type"] == "text" for node in inline):
            yield {"type": "paragraph", "content": inline}
