"""The one rule for "a named person approves": what counts as a name, and whose counts."""

from __future__ import annotations

import re
from collections.abc import Collection

from schemas.errors import InvalidInput

NAME = r"[^\W_][\w .,@'+-]{1,99}"
"""A person's name or address, as a regular expression: no markup, no control characters."""
_NAME = re.compile(NAME)


def named_person(approver: str, otherwise: str, allowed: Collection[str] = ()) -> str:
    """The name of who approves, without superfluous spaces.

    otherwise: how things stay without an approval: `shop stays isolated`.
    allowed: who may approve; empty: every person.
    Raises InvalidInput that says what stays as it is, and what to do; what is no name is not
    repeated.
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
    """True when everybody may, or when this is one of the names, in capitals or not."""
    return not allowed or name.casefold() in {each.strip().casefold() for each in allowed}
