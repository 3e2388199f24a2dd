"""Puts the chain's head to every place outside, and says so on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import uuid4

from schemas.errors import AeefError
from schemas.evidence import AnchorKind, AnchorSettings
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.evidence.anchors.at_address import AddressPlace
from tasks.evidence.anchors.in_file import FilePlace
from tasks.evidence.anchors.in_git import GitPlace
from tasks.evidence.anchors.place import Head, Place
from tasks.evidence.anchors.time_stamp import TimeStampPlace
from tasks.store import Store, open_store

OURS = "aeef-runbooks"
KINDS: Mapping[AnchorKind, type[Place]] = {
    AnchorKind.FILE: FilePlace,
    AnchorKind.GIT: GitPlace,
    AnchorKind.TIMESTAMP: TimeStampPlace,
    AnchorKind.URL: AddressPlace,
}


class Put(NamedTuple):
    """What came of putting a head to a place; is_there: it has the newest entry."""

    name: str
    is_there: bool
    words: str


def anchor_outside(settings: Settings, *, by: str = OURS) -> list[Put]:
    """Put the newest head to every place that does not have it yet, and say so on record.

    A place that fails keeps nobody from the others. Raises nothing for it: `is_there` says so.
    """
    store = open_store(settings)
    seq, chain_hash = store.audit_head()
    if not settings.anchors or not seq:
        return []
    have = _have(store, seq)
    head = Head(
        seq=seq,
        hash=chain_hash,
        at=utc_now(),
        db=store.chain.label,
        machine=store.machine,
    )
    found = [
        Put(its.name, is_there=True, words="has the newest entry already")
        if its.name in have
        else _put(its, head, settings)
        for its in settings.anchors
    ]
    done = [each.name for each in found if each.is_there and each.name not in have]
    if done:
        failed = "".join(f"; NOT {each.name}" for each in found if not each.is_there)
        store.record_general(
            f"anchored audit entry {seq} outside: {', '.join(done)}{failed}",
            actor=by,
            automated=by == OURS,
            entry_id=uuid4(),
            details={
                "anchored": {
                    "seq": seq,
                    "hash": chain_hash,
                    "places": done,
                    "machine": store.machine,
                }
            },
        )
    return found


def _have(store: Store, seq: int) -> set[str]:
    """The places that lack nothing but the entries that say what was anchored."""
    have: set[str] = set()
    for each in reversed(store.chain.anchored_outside(since=max(0, seq - len(KINDS) * 4))):
        if each.by != seq:
            break
        have |= {*each.places}
        seq -= 1
    return have


def _put(its: AnchorSettings, head: Head, settings: Settings) -> Put:
    try:
        return Put(its.name, is_there=True, words=KINDS[its.kind](its, settings).put(head))
    except (AeefError, OSError) as error:
        return Put(its.name, is_there=False, words=str(error))
