"""The chain in a bundle: its lines, and what was noted of them outside the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from schemas.evidence import AnchorKind
from schemas.settings import Settings
from tasks.evidence.anchors.time_stamp import TimeStampPlace
from tasks.evidence.bundle.archive import Archive
from tasks.evidence.bundle.gather import Gathered, line_of
from tasks.store import Store
from tasks.store.retention.remains import Remains

MOST_LINES = 100_000
"""Of the chain in a bundle, some 17 MB."""


def add_chain(
    made: Archive,
    gathered: Sequence[Gathered],
    gone: Remains,
    manifest: dict[str, Any],
    settings: Settings,
    store: Store,
) -> None:
    """The chain from the entry before the first one to the newest: numbers and hashes only.

    Where that is very long, only the neighbours of each entry. gone: disposed incidents of the
    period: what the entries about them say, and what is left of their own.
    """
    ours = {entry.seq for each in gathered for entry in each.entries} | gone.numbers
    first, last = max(1, min(ours) - 1), store.audit_head()[0]
    whole = last - first < MOST_LINES
    near = None if whole else {seq + by for seq in ours for by in (-1, 0, 1)}
    manifest["segment"] = {"first": first, "last": last, "whole": whole}
    lines = (
        {"seq": each.seq, "hash": each.hash, "prevHash": each.prev_hash}
        for each in store.chain.digests(first, last, near)
    )
    made.add("chain/segment.jsonl", _jsonl(lines))
    about = b"".join(line_of(entry) for entry in gone.entries)
    made.add("chain/disposed.jsonl", about + _jsonl(gone.left))
    anchors = [
        {"place": str(settings.anchors_path), "seq": each.seq, "hash": each.hash}
        for each in store.own_anchors()
        if first <= each.seq <= last
    ]
    anchors += _add_stamps(made, range(first, last + 1), settings)
    made.add("chain/anchors.jsonl", _jsonl(anchors))


def _add_stamps(made: Archive, entries: range, settings: Settings) -> list[dict[str, Any]]:
    """The time stamps of these entries, with the certificates to verify them."""
    noted = []
    for its in settings.anchors:
        if its.kind is not AnchorKind.TIMESTAMP:
            continue
        folder = f"chain/timestamps/{its.name}"
        stamps = TimeStampPlace(its, settings).stamps()
        wanted = [(head, path) for head, path in stamps if head.seq in entries]
        for head, path in wanted:
            made.add(f"{folder}/{path.stem}.json", head.line)
            made.add(f"{folder}/{path.name}", path.read_bytes())
            noted.append({"place": f"{folder}/{path.name}", "seq": head.seq, "hash": head.hash})
        if wanted and its.certificates is not None and its.certificates.is_file():
            made.add(f"{folder}/certificates.pem", its.certificates.read_bytes())
    return noted


def _jsonl(data: Any) -> bytes:
    return "".join(f"{json.dumps(each)}\n" for each in data).encode()
