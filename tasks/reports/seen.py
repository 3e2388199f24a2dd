"""What a report is that nobody reads, in words, from its first bytes; nothing of it is quoted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

MARGIN = 20_000
"""The bytes that are looked at."""

_TAG = re.compile(rb"<\s*([A-Za-z][A-Za-z0-9_:.-]{0,50})")
_NAME = re.compile(rb'\{\s*"([A-Za-z_$@][A-Za-z0-9_$@ .-]{0,50})"\s*:')


class Other(NamedTuple):
    """A format that is not read: what stands in it, what it is, and what to write instead."""

    sign: bytes
    seen: str
    instead: str


def start_of(content: bytes) -> bytes:
    """The first bytes of a report, without what editors and tools put before them."""
    return content[:MARGIN].lstrip(b"\xef\xbb\xbf \t\r\n")


def seen_in(content: bytes, others: Sequence[Other]) -> str:
    """What this report is, in words."""
    start = start_of(content)
    if not start:
        return "an empty file (did the tool fail?)"
    for other in others:
        if other.sign in start:
            return f"{other.seen}: write {other.instead}"
    if start.startswith(b"<"):
        return _markup(start)
    if start.startswith(b"{"):
        name = _NAME.match(start)
        return "a JSON object" + (f' that begins with "{name[1].decode("ascii")}"' if name else "")
    if start.startswith(b"["):
        return "a JSON list"
    return "text" if start.isascii() and b"\0" not in start else "no text"


def _markup(start: bytes) -> str:
    if b"<html" in start.lower() or b"<!doctype html" in start.lower():
        return "a page (HTML)"
    tag = _TAG.search(start)
    return "XML" + (f" that begins with <{tag[1].decode('ascii')}>" if tag else "")
