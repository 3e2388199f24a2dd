"""Puts the chain's head to every place outside, on record; and compares them all with the chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from schemas.errors import AeefError, AuditBroken
from schemas.evidence import AnchorKind, AnchorSettings
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.evidence.anchors.at_address import AddressPlace
from tasks.evidence.anchors.in_file import FilePlace
from tasks.evidence.anchors.in_git import GitPlace
from tasks.evidence.anchors.place import Head, NotComparable, Noted, Place
from tasks.evidence.anchors.time_stamp import TimeStampPlace
from tasks.store import Store, open_store
from tasks.store.audit.chained import APART
from tasks.store.audit.reader import AnchoredOutside

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


class Compared(NamedTuple):
    """What came of comparing a place.

    same: None: it could not be compared, and words say why. is_away: it should have been.
    """

    name: str
    same: bool | None
    words: str
    is_away: bool = False

    @property
    def in_words(self) -> str:
        """With the place's name."""
        return f"anchor {self.name}: {self.words}"


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
            details={"anchored": {"seq": seq, "hash": chain_hash, "places": done}},
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


def compare_outside(settings: Settings) -> list[Compared]:
    """Compare what every place has with the chain; nothing is passed over in silence."""
    return [compare_one(its, settings) for its in settings.anchors]


def compare_one(its: AnchorSettings, settings: Settings) -> Compared:
    """Compare one place."""
    store = open_store(settings)
    try:
        # Before the chain is read: what the place has noted was in the chain by then.
        noted = KINDS[its.kind](its, settings).noted()
        _compare(its, noted, store)
    except AuditBroken as error:
        return Compared(its.name, same=False, words=str(error))
    except NotComparable as error:
        return Compared(its.name, same=None, words=f"not compared: {error}")
    except (AeefError, OSError) as error:
        words = f"NOT COMPARED, as it was not reached: {error}"
        return Compared(its.name, same=None, words=words, is_away=True)
    if not noted:
        return Compared(its.name, same=None, words="not compared: it has noted nothing yet")
    newest = max(each.seq for each in noted)
    words = f"{len(noted)} heads as the chain has them, up to entry {newest}{_times(noted, store)}"
    return Compared(its.name, same=True, words=words)


def _compare(its: AnchorSettings, noted: list[Noted], store: Store) -> None:
    """Raise AuditBroken when the place and the chain do not agree."""
    hashes = store.chain.hashes(each.seq for each in noted)
    last = store.audit_head()[0]
    for each in noted:
        if each.seq not in hashes:
            raise AuditBroken(
                f"{each.where} has noted audit entry {each.seq}, but the chain ends with entry "
                f"{last}: the newest entries were deleted, or the database was replaced"
            )
        if hashes[each.seq] != each.hash:
            raise AuditBroken(
                f"audit entry {each.seq} does not have the hash that {each.where} has noted: the "
                "chain was rewritten at or before it"
            )
    there = {(each.seq, each.hash) for each in noted}
    for said in store.chain.anchored_outside(place=its.name):
        if (said.seq, said.hash) not in there:
            raise AuditBroken(
                f"audit entry {said.by} says that entry {said.seq} was anchored here, but it is not"
                " there: what the place has was cut, or replaced"
            )


def _times(noted: list[Noted], store: Store) -> str:
    """What time stamps say of the times in the entries; clocks may be wrong, so it breaks nothing.

    Empty: nobody vouches for a time.
    """
    stamped = sorted((each.proven_at, each.seq) for each in noted if each.proven_at)
    if not stamped:
        return ""
    first = stamped[0][0]
    said = f"; the first is of {first:%Y-%m-%d %H:%M} UTC: no earlier time is proven by it"
    written = store.chain.times(seq for _, seq in stamped)
    odd = [seq for at, seq in stamped if seq in written and written[seq] - at > APART]
    if odd:
        said += (
            f"; NOTICE: entry {odd[0]} says a time later than that at which it was stamped"
            f"{f', and {len(odd) - 1} others' if len(odd) > 1 else ''}"
        )
    return said


def anchored_last(store: Store, place: str) -> AnchoredOutside | None:
    """What the chain says was anchored there last."""
    found = store.chain.anchored_outside(place=place)
    return found[-1] if found else None


def is_late(its: AnchorSettings, settings: Settings, now: datetime) -> str | None:
    """Why the place has not what it should by now; None: it has."""
    store, every = open_store(settings), settings.evidence.anchor_every
    last = anchored_last(store, its.name)
    if not every:
        return None
    if last is None:
        return "nothing was anchored there yet; `aeef audit anchor` does it now"
    allowed = timedelta(seconds=2 * every + 600)
    if store.audit_head()[0] > last.by and now - last.at > allowed:
        return (
            f"nothing was anchored there since {last.at:%Y-%m-%d %H:%M} UTC (entry {last.seq}); "
            "`aeef audit anchor` says why"
        )
    return None
