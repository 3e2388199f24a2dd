"""Compares what every place outside has noted with the chain; nothing is passed over in silence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from schemas.errors import AeefError, AuditBroken
from schemas.evidence import AnchorKind, AnchorSettings
from schemas.settings import Settings
from tasks.evidence.anchors.outside import KINDS
from tasks.evidence.anchors.place import NotComparable, Noted
from tasks.store import Store, open_store
from tasks.store.audit.chained import APART

OF_A_MACHINE = (AnchorKind.FILE, AnchorKind.TIMESTAMP)
"""What another machine noted may be there only."""


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


class Difference(NamedTuple):
    """A head that the place and the chain do not have alike."""

    seq: int
    hash: str
    words: str


def compare_outside(settings: Settings) -> list[Compared]:
    """Compare every place."""
    return [compare_one(its, settings) for its in settings.anchors]


def compare_one(its: AnchorSettings, settings: Settings) -> Compared:
    """Compare one place. What somebody accepted on record is said, and breaks nothing."""
    store = open_store(settings)
    try:
        # Before the chain is read: what the place has noted was in the chain by then.
        noted = KINDS[its.kind](its, settings).noted()
        found = list(_differences(its, noted, store))
    except AuditBroken as error:
        return Compared(its.name, same=False, words=str(error))
    except NotComparable as error:
        return Compared(its.name, same=None, words=f"not compared: {error}")
    except (AeefError, OSError) as error:
        words = f"NOT COMPARED, as it was not reached: {error}"
        return Compared(its.name, same=None, words=words, is_away=True)
    accepted = store.chain.accepted_outside(its.name)
    left = [each for each in found if (each.seq, each.hash) not in accepted]
    if left:
        more = f" (and {len(left) - 1} others)" if len(left) > 1 else ""
        return Compared(its.name, same=False, words=f"{left[0].words}{more}")
    if not noted:
        return Compared(its.name, same=None, words="not compared: it has noted nothing yet")
    newest = max(each.seq for each in noted)
    words = f"{len(noted) - len(found)} heads as the chain has them, up to entry {newest}"
    if found:
        by = sorted({accepted[each.seq, each.hash] for each in found})
        words += f"; {len(found)} do not fit, which entries {by} accept"
    return Compared(its.name, same=True, words=f"{words}{_times(noted, store)}")


def _differences(its: AnchorSettings, noted: list[Noted], store: Store) -> Iterator[Difference]:
    """What the place has that the chain has not, and what the chain says that the place has."""
    hashes = store.chain.hashes(each.seq for each in noted)
    last = store.audit_head()[0]
    for each in noted:
        if each.seq not in hashes:
            words = (
                f"{each.where} has noted audit entry {each.seq}, but the chain ends with entry "
                f"{last}: the newest entries were deleted, or the database was replaced"
            )
            yield Difference(each.seq, each.hash, words)
        elif hashes[each.seq] != each.hash:
            words = (
                f"audit entry {each.seq} does not have the hash that {each.where} has noted: the "
                "chain was rewritten at or before it"
            )
            yield Difference(each.seq, each.hash, words)
    there = {(each.seq, each.hash) for each in noted}
    for said in store.chain.anchored_outside(place=its.name):
        if its.kind in OF_A_MACHINE and said.machine != store.machine:
            continue
        if (said.seq, said.hash) not in there:
            words = (
                f"audit entry {said.by} says that entry {said.seq} was anchored here, but it is not"
                " there: what the place has was cut, or replaced"
            )
            yield Difference(said.seq, said.hash, words)


def accept_outside(settings: Settings, reason: str, by: str) -> list[str]:
    """Put on record that somebody knows why places do not fit: a backup was restored.

    Returns what was accepted, and where nothing could be looked at.
    """
    store, said = open_store(settings), []
    accepted: dict[str, list[tuple[int, str]]] = {}
    for its in settings.anchors:
        place = KINDS[its.kind](its, settings)
        try:
            place.forget()
            found = list(_differences(its, place.noted(), store))
        except NotComparable:
            continue
        except (AeefError, OSError) as error:
            said.append(f"anchor {its.name}: nothing is accepted, as it cannot be read: {error}")
            continue
        known = store.chain.accepted_outside(its.name)
        new = [(each.seq, each.hash) for each in found if (each.seq, each.hash) not in known]
        if new:
            accepted[its.name] = new
            said.append(f"anchor {its.name}: {len(new)} heads that do not fit are accepted")
    if accepted:
        store.record_general(
            f"differences of anchors outside accepted: {', '.join(accepted)}: {reason}",
            actor=by,
            automated=False,
            entry_id=uuid4(),
            details={"accepted": accepted},
        )
    return said


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


def is_late(its: AnchorSettings, settings: Settings, now: datetime) -> str | None:
    """Why the place has not what it should by now; None: it has."""
    store, every = open_store(settings), settings.evidence.anchor_every
    if not every:
        return None
    said = store.chain.anchored_outside(place=its.name)
    last = said[-1] if said else None
    if last is None:
        return "nothing was anchored there yet; `aeef audit anchor` does it now"
    allowed = timedelta(seconds=2 * every + 600)
    if store.audit_head()[0] > last.by and now - last.at > allowed:
        return (
            f"nothing was anchored there since {last.at:%Y-%m-%d %H:%M} UTC (entry {last.seq}); "
            "`aeef audit anchor` says why"
        )
    return None
