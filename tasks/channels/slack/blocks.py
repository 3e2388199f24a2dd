"""Renders our Slack messages: the template as valid Block Kit, with an incident's values.

By default the spec's template; see `schemas/settings/slack_template.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from schemas.incident import Incident
from schemas.links import links_for
from schemas.settings import Settings
from schemas.settings.slack_template import LONGEST_MESSAGE, PLACEHOLDER, texts_of
from tasks.base.redact import redact
from tasks.base.trim import characters, clean, one_line, trim
from tasks.channels import text
from tasks.channels.slack.markup import address, escape, literal, plain

HEADER_LIMIT = 150
"""https://docs.slack.dev/reference/block-kit/blocks/header-block"""
SECTION_LIMIT = 3_000
"""https://docs.slack.dev/reference/block-kit/blocks/section-block"""
TEXT_LIMIT = 4_000
"""https://docs.slack.dev/reference/methods/chat.postMessage#truncating"""
ACTION_LIMIT = 2_400
NAME_LIMIT = 300
"""Ours, so that the section has room for the description."""
ADDRESSES = frozenset({"record_url", "run_url"})
OURS = frozenset({"severity", "timestamp", "incident_id", "status"})
"""Values that nobody outside chooses."""
TOO_LONG = "…"


def blocks_of(
    incident: Incident, settings: Settings, action_taken: str, *, in_private: bool = False
) -> list[dict[str, Any]]:
    """The incident in the configured template; values are trimmed so that every limit is kept.

    action_taken: what was done so far, in words.
    in_private: True: only those who work on it can read the message, so nothing is left out.
    """
    values = _values(incident, settings, action_taken, in_private=in_private)
    longest = max(characters(value) for value in values.values())
    if (made := _filled(settings, values, longest)) is not None:
        return made
    shortest, kept = 0, longest
    while shortest < kept:
        middle = (shortest + kept + 1) // 2
        if _filled(settings, values, middle) is None:
            kept = middle - 1
        else:
            shortest = middle
    return _filled(settings, values, shortest, by_force=True) or []


def _values(
    incident: Incident, settings: Settings, action_taken: str, *, in_private: bool
) -> dict[str, str]:
    links = links_for(incident, settings)
    about = incident.description if in_private else incident.public_description
    named = {
        "type": one_line(incident.kind + incident.which_occurrence),
        "service": one_line(incident.service),
        "action_taken": action_taken.strip() or "none",
    }
    return {
        "severity": f"{incident.mark}{incident.severity}",
        "description": about.strip() or "none given",
        "timestamp": f"{incident.detected_at:%Y-%m-%d %H:%M:%S} UTC",
        "incident_id": str(incident.incident_id),
        "status": incident.status.value,
        "record_url": links.incident,
        "run_url": links.run,
        "type": trim(named["type"], NAME_LIMIT) or "unknown",
        "service": trim(named["service"], NAME_LIMIT) or "unknown service",
        "action_taken": trim(clean(named["action_taken"]), ACTION_LIMIT) or "none",
    }


def _filled(
    settings: Settings, values: dict[str, str], longest: int, *, by_force: bool = False
) -> list[dict[str, Any]] | None:
    """The blocks with no value longer than this; None when a text is then over its limit.

    by_force: leave such a text out: only a very long AEEF_PUBLIC_URL leads to this.
    """
    blocks: list[dict[str, Any]] = json.loads(json.dumps(settings.slack.templates.incident.blocks))
    for block in blocks:
        for part in texts_of(block):
            filled = _put_in(part.it, values, longest, settings)
            if (is_over := characters(filled) > part.limit) and not by_force:
                return None
            part.it["text"] = TOO_LONG if is_over or not filled.strip() else filled
    fits = len(json.dumps(blocks)) <= LONGEST_MESSAGE
    return blocks if fits or by_force else None


def _put_in(part: dict[str, Any], values: dict[str, str], longest: int, settings: Settings) -> str:
    is_mrkdwn = part["type"] == "mrkdwn"

    def value_of(name: str) -> str:
        if name in ADDRESSES:
            return address(values[name])
        if name in OURS:
            return values[name]
        short = trim(values[name], longest)
        return literal(short) if is_mrkdwn else plain(short, emoji=bool(part.get("emoji")))

    template = redact(part["text"], settings)
    return PLACEHOLDER.sub(lambda found: value_of(found.group(1)), template)


def text_of(incident: Incident, settings: Settings) -> str:
    """The plain message, for notifications and assistive software, which do not read blocks."""
    whole = text.text_of(incident, settings, TEXT_LIMIT, public=True)
    return trimmed(whole, TEXT_LIMIT, literal)


def reply_text(text: str) -> str:
    """The text of a reply; never empty, which Slack would refuse."""
    return escaped(clean(text).strip() or "(no text)", TEXT_LIMIT)


def escaped(text: str, limit: int) -> str:
    """The text cleaned, escaped, and trimmed so that the escaped text fits."""
    return trimmed(clean(text), limit, escape)


def trimmed(text: str, limit: int, rule: Callable[[str], str]) -> str:
    """What the rule makes of a text that is trimmed so that this fits."""
    return rule(trim(text, limit, size=lambda part: characters(rule(part))))
