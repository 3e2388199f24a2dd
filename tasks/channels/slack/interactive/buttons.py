"""The buttons of an incident's message, by its state. Each is named by the act that it does.

https://docs.slack.dev/reference/block-kit/blocks/actions-block
"""

from __future__ import annotations

from typing import Any

from schemas.approvals import State
from schemas.incident import Incident
from schemas.lifecycle import shown_for
from schemas.links import links_for
from schemas.settings import Settings
from schemas.settings.slack_template import MOST_BLOCKS
from tasks.store import open_store

BLOCK = "aeef"
"""The id of our block of buttons; what is pressed elsewhere is none of ours."""
ACT = "aeef:"
"""Before the name of the act that a button does."""
OPEN = f"{BLOCK}-open"
"""The button that is a link; Slack tells us of it too, and nothing is to be done."""
LONGEST_URL = 3_000


def buttons_of(incident: Incident, settings: Settings) -> list[dict[str, Any]]:
    """A block of buttons, in a list; none while nobody would hear of them."""
    if not settings.slack.secrets:
        return []
    elements, store = [], open_store(settings)
    if not incident.status.is_over:
        if store.acknowledged_at(incident.incident_id) is None:
            elements.append(_button("ack", "Take it", incident, style="primary"))
        if any(each.state is State.WAITING for each in store.approvals.of(incident.incident_id)):
            elements.append(_button("approve", "Approve", incident))
            elements.append(_button("reject", "Reject", incident))
        elements.append(_button("resolve", "Resolve", incident))
    if len(link := links_for(incident, settings).incident) <= LONGEST_URL:
        elements.append({**_plain("Open"), "action_id": OPEN, "url": link})
    return [{"type": "actions", "block_id": BLOCK, "elements": elements}] if elements else []


def with_buttons(
    blocks: list[dict[str, Any]], incident: Incident, settings: Settings
) -> list[dict[str, Any]]:
    """The message's blocks with its buttons below, where Slack has room for them."""
    if len(blocks) >= MOST_BLOCKS:
        return blocks
    return [*blocks, *buttons_of(incident, settings)]


def _button(act: str, words: str, incident: Incident, style: str = "") -> dict[str, Any]:
    value = f"{incident.incident_id} {shown_for(incident).text}"
    made = {**_plain(words), "action_id": f"{ACT}{act}", "value": value}
    return {**made, "style": style} if style else made


def _plain(words: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": words, "emoji": False}}
