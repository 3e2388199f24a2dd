"""Trims texts to a vendor's limit, with a mark where something was left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MARK = "… [trimmed]"
INVISIBLE = frozenset({"Cc", "Cf"})
"""Control and format characters: they move a terminal's cursor, turn the direction of what follows
(U+202E), or are there and not seen. https://www.unicode.org/reports/tr44/#General_Category_Values"""
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c\n]{0,500}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
"""What moves a terminal's cursor, colours it, names its window: ECMA-48, 5.3 to 5.6."""
LINE_ENDS = str.maketrans({"\r": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})


def characters(text: str) -> int:
    """UTF-16 units, as Java and JavaScript count: an emoji is 2. Never less than `len`."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8_bytes(text: str) -> int:
    """Bytes of the text in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def clean(text: str) -> str:
    """Without lone surrogates, which vendors reject, and without what nobody sees.

    The rule for every text from outside, before it goes into any medium: control characters and
    sequences, invisible ones and those that turn the direction of a line go; line ends are uniform.
    """
    if text.isascii() and text.isprintable():
        return text  # the usual case
    text = _SEQUENCE.sub("", text).replace("\r\n", "\n").translate(LINE_ENDS)
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in INVISIBLE)


def one_line(text: str) -> str:
    """The text cleaned, with every run of white space as a single space."""
    return " ".join(clean(text).split())


def short_line(text: str, longest: int) -> str:
    """The text on one line for people, of at most so many characters; `…` shows that it was cut."""
    line = one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def trim(text: str, limit: int, *, size: Callable[[str], int] = characters) -> str:
    """The text if `size(text) <= limit`, else its longest start that fits with the mark.

    size: must not shrink when a text grows. Measure the size *after* escaping, and escape the
    result: then an escape like `&amp;` is never cut in half.
    """
    if size(text) <= limit:
        return text
    mark = MARK if size(MARK) <= limit else ""
    shortest, longest = 0, len(text)
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        if size(text[:middle] + mark) <= limit:
            shortest = middle
        else:
            longest = middle - 1
    return text[:shortest] + mark
