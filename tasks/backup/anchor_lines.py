"""Anchors of a copied store: as far as the copy goes, and under the copy's name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tasks.store.audit.anchors import Anchors

_ON_THEIR_WAY = 2.0
"""Seconds in which a line of what was committed before the copy is in the file."""


def lines_up_to(anchors: Anchors, seq: int, number: int) -> bytes:
    """The file as it fits a copy whose newest entry is `seq`: later lines of it are left out.

    number: how many lines of this machine there must be; those on their way are waited for.
    """
    deadline = time.monotonic() + _ON_THEIR_WAY
    while anchors.newest_number() < number and time.monotonic() < deadline:
        time.sleep(0.02)
    return _kept(anchors, lambda line: line["db"] != anchors.label or line["seq"] <= seq)


def under_name(content: bytes, label: str, new: str) -> bytes:
    """The lines of the store `label`, as lines of the store `new`."""
    found = []
    for line in content.splitlines():
        try:
            data = json.loads(line)
        except ValueError:  # cut off by a crash
            continue
        if data.get("db") == label:
            found.append(json.dumps({**data, "db": new}, separators=(",", ":")))
    return "".join(f"{line}\n" for line in found).encode()


def _kept(anchors: Anchors, wanted: Callable[[dict[str, Any]], bool]) -> bytes:
    kept = []
    for line in anchors.content().splitlines(keepends=True):
        try:
            if not wanted(json.loads(line)):
                continue
        except (ValueError, KeyError, TypeError):  # verifying the copy says what is wrong with it
            pass
        kept.append(line)
    return b"".join(kept)
