"""The texts of a review as they are kept."""

from __future__ import annotations


def normal_text(text: str) -> str:
    """The text with Unix line ends, without empty lines around it and spaces at its end."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines)
