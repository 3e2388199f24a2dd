"""A text from outside in Markdown: shown as it is, on one line, without markup of its own."""

from __future__ import annotations

import re

from tasks.base.trim import one_line

_MARKUP = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|!~&"})
"""https://spec.commonmark.org/0.31.2/#backslash-escapes"""
_LINKED_BY_ITSELF = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
"""https://github.github.com/gfm/#autolinks-extension-; an e-mail address may become one."""
_BEGINS_A_LIST = re.compile(r"^(?:[-+=]|\d+(?=[.)]))")


def literal(text: str) -> str:
    """The text as Markdown that shows exactly this text, cleaned and on one line.

    Also for a cell of a table and for the rest of a line.
    """
    line = _LINKED_BY_ITSELF.sub(r"\\\g<0>", one_line(text).translate(_MARKUP))
    return _BEGINS_A_LIST.sub(_escaped_start, line)


def _escaped_start(found: re.Match[str]) -> str:
    start = found.group()
    # A digit cannot be escaped, the point after it can.
    return f"\\{start}" if not start[0].isdigit() else f"{start}\\"
