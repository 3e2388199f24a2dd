"""What a terminal may show of texts that came from outside."""

from __future__ import annotations

from tasks.base.trim import clean


def plain(text: str) -> str:
    """The text without control characters: it cannot move the cursor or clear the terminal.

    Its further lines are indented, so that none of them passes for a line of ours.
    """
    return "\n      ".join(clean(text).splitlines())
