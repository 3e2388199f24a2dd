"""The one rule for "a named person approves": what is a valid name, and who may approve."""

from __future__ import annotations

import re
from collections.abc import Collection

from schemas.errors import InvalidInput

NAME = r"[^\W_][\w .,@'+-]{1,99}"
"""A person's name or address, as a regular expression: no markup, no control characters."""
_NAME = re.compile(NAME)


def named_person(approver: str, otherwise: str, allowed: Collection[str] = ()) -> str:
    """Check the approver's name; return it without superfluous spaces.

    otherwise: the state without an approval, for the error: `shop stays isolated`.
    allowed: who may approve; empty: everybody.
    Raises InvalidInput, which names that state and what to do; an invalid name is not repeated.
    """
    name = approver.strip()
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{otherwise}: name the person who approves, in 2 to 100 letters, digits, spaces"
            " and . , @ ' + -"
        )
    name = " ".join(name.split())
    if not may_approve(name, allowed):
        raise InvalidInput(
            f"{otherwise}: {name} is not among those who may approve: ask one of them"
        )
    return name


def may_approve(name: str, allowed: Collection[str]) -> bool:
    """True when everybody may approve, or when the name is listed, ignoring case."""
    return not allowed or name.casefold() in {each.strip().casefold() for each in allowed}
