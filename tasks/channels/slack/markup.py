"""Text from outside in Slack's markup: no mention, link, emoji or format arises from it.

Slack has no escape for `*`, `_`, `~` and the backtick, so where one of them could begin or end a
format it is replaced by a character that looks like it.
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re

from tasks.base.trim import clean

LOOKS_LIKE = {
    "*": "\u2217",
    "_": "\u02cd",
    "~": "\u223c",
    "`": "\u02cb",
    ":": "\u2236",
    ">": "\u203a",
}
_COLON = r":(?=(?:[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*|[+-]1|100|1234):)"
"""Of `:emoji:`; no emoji is called like the minutes of a time."""
_FORMATS = re.compile(
    r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])"  # not inside of a word: some_file.py
    r"|`"
    rf"|{_COLON}"
    r"|^>",  # a quotation
    re.MULTILINE | re.IGNORECASE,
)
_EMOJI = re.compile(_COLON, re.IGNORECASE)


def escape(text: str) -> str:
    """The text with exactly `&`, `<` and `>` escaped, as Slack requires everywhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str, *, emoji: bool = False) -> str:
    """A text for `plain_text`, which knows no format; emoji: the object shows `:name:` as one."""
    text = clean(text)
    return escape(_EMOJI.sub(LOOKS_LIKE[":"], text) if emoji else text)


def literal(text: str) -> str:
    """A text for `mrkdwn`, which shows it as it is."""
    return escape(_FORMATS.sub(lambda found: LOOKS_LIKE[found.group()], clean(text)))


def address(url: str) -> str:
    """The address of a link; what would end it is encoded."""
    encoded = escape(url).replace("|", "%7C")
    return "".join("%20" if each.isspace() else each for each in encoded)
