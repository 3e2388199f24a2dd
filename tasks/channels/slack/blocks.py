"""Renders our Slack messages: the spec's incident template as valid Block Kit.

No description can mention people or break a link: `&`, `<` and `>` are escaped, and `verbatim`
stops Slack from linking names by itself.
https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from __future__ import annotations

from typing import Any

from schemas.incident import Incident
from schemas.links import links_for
from schemas.settings import Settings
from tasks.base.trim import characters, clean, one_line, trim

HEADER_LIMIT = 150
"""https://docs.slack.dev/reference/block-kit/blocks/header-block"""
SECTION_LIMIT = 3_000
"""https://docs.slack.dev/reference/block-kit/blocks/section-block"""
TEXT_LIMIT = 4_000
"""https://docs.slack.dev/reference/methods/chat.postMessage#truncating"""
AUTO_RESPONSE_LIMIT = 500
NAME_LIMIT = 300
"""Ours, so that the section has room for the description."""


def escape(text: str) -> str:
    """The text with exactly `&`, `<` and `>` escaped, as Slack requires."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped(text: str, limit: int) -> str:
    """The text cleaned, escaped, and trimmed so that the escaped text fits."""
    return escape(trim(clean(text), limit, size=lambda part: characters(escape(part))))


def blocks_of(
    incident: Incident, settings: Settings, auto_response: str, *, in_private: bool = False
) -> list[dict[str, Any]]:
    """The incident as blocks: the spec's header and section, then service and links.

    in_private: True: only those who work on it can read the message, so nothing is left out.
    """
    links = links_for(incident, settings)
    after = (
        f"\n*Detected:* {incident.detected_at:%Y-%m-%d %H:%M:%S} UTC"
        f"\n*Auto-response:* {escaped(auto_response.strip() or 'none', AUTO_RESPONSE_LIMIT)}"
    )
    before = "*Description:* "
    room = SECTION_LIMIT - characters(before + after)
    about = incident.description if in_private else incident.public_description
    description = escaped(about.strip() or "none given", room)
    return [
        {"type": "header", "text": {"type": "plain_text", "text": title_of(incident)}},
        {"type": "section", "text": _mrkdwn(before + description + after)},
        {
            "type": "context",
            "elements": [
                _mrkdwn(f"*Service:* {escaped(one_line(incident.service), NAME_LIMIT)}"),
                _mrkdwn(f"*Incident:* {incident.incident_id}"),
                _mrkdwn(f"{_link(links.incident, 'Record')} | {_link(links.run, 'Prefect run')}"),
            ],
        },
    ]


def title_of(incident: Incident) -> str:
    """The spec's header: `AEEF Incident: P1 - deployment-failure`."""
    title = f"AEEF Incident: {incident.severity} - {incident.kind}{incident.which_occurrence}"
    return escaped(one_line(title), HEADER_LIMIT)


def text_of(incident: Incident) -> str:
    """The plain message, for notifications and assistive software, which do not read blocks."""
    line = f"AEEF Incident: {incident.severity} - {incident.kind}: {incident.service}"
    line += incident.which_occurrence
    about = one_line(incident.public_description)
    return escaped(one_line(line) + (f": {about}" if about else ""), TEXT_LIMIT)


def reply_text(text: str) -> str:
    """The text of a reply; never empty, which Slack would refuse."""
    return escaped(text.strip() or "(no text)", TEXT_LIMIT)


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _link(url: str, text: str) -> str:
    """A link; `|` and white space are encoded, as they would end the URL."""
    address = escape(url).replace("|", "%7C").replace(" ", "%20")
    return f"<{address}|{escape(text)}>"
