"""What Slack makes of a typed text, turned back: escapes, links, and people's names.

https://docs.slack.dev/interactivity/implementing-slash-commands#escaping
"""

from __future__ import annotations

import re

from schemas.settings import Settings

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto):[^<>|]+)(?:\|([^<>]*))?>")
_ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def without_markup(text: str, settings: Settings) -> str:
    """As it was typed; a person who was mentioned has their name in `[people]`, if any."""
    people = {each.slack: each.name for each in settings.people.values() if each.slack}
    text = _PERSON.sub(lambda found: people.get(found[1], found[1]), text)
    text = _LINK.sub(lambda found: found[2] or found[1], text)
    return re.sub("|".join(_ESCAPES), lambda found: _ESCAPES[found[0]], text)
