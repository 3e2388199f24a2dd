"""Disposes of what is due: records, evidence, delivered events, old claims; nobody waits for it.

A few incidents go in each transaction, and after it there is a rest that is as long: so that
alerts, which come first, find the store free.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from schemas.errors import NotPossibleNow
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.base.file_lock import file_lock
from tasks.store import Store, open_store
from tasks.store.audit.evidence import MANIFEST, evidence_folder
from tasks.store.retention import Due, Skipped

FEWEST, MOST = 2, 50
"""Incidents in one transaction: as many as take about as long as `SHORT`."""
SHORT = 0.05
"""Seconds."""
REST = 0.02
"""Seconds without a transaction of ours, at the least: processes that wait ask again within it."""
ACTOR = "aeef-runbooks"
_OF_ONE_QUESTION = 500


class Report(NamedTuple):
    """What a run did, or with `is_dry` would do.

    due: incidents that went. stays: those that are due, each with why it stays. evidence: folders
    that were removed here. reviews: by the calendar. longest: seconds of the longest
    transaction. is_whole: False: it was stopped by its limit, and more is due.
    """

    is_dry: bool
    due: int
    stays: list[Skipped]
    evidence: int = 0
    events: int = 0
    claims: int = 0
    reviews: int = 0
    longest: float = 0.0
    is_whole: bool = True

    @property
    def in_words(self) -> str:
        """One sentence."""
        would = "would dispose of" if self.is_dry else "disposed of"
        parts = [f"{would} {_many(self.due, 'incident')}"]
        if not self.is_dry:
            parts.append(f"evidence of {self.evidence}")
            parts.append(_many(self.reviews, "review") + " by the calendar")
            parts += [_many(self.events, "delivered event"), _many(self.claims, "old claim")]
        if self.stays:
            parts.append(f"{len(self.stays)} are due and stay")
        if not self.is_whole:
            parts.append("more is due: the next run goes on")
        return "; ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        stays = [
            {"incidentId": str(each.incident.incident_id), "number": each.incident.number,
             "why": each.why}
            for each in self.stays
        ]  # fmt: skip
        return {**self._asdict(), "stays": stays}


def foresee(settings: Settings) -> tuple[list[Due], list[Skipped]]:
    """What would go now, and what is due and stays; nothing changes."""
    due: list[Due] = []
    stays: list[Skipped] = []
    for page in open_store(settings).retention.due(settings.retention.years):
        due += page.due
        stays += page.stays
    return due, stays


def dispose_of_due(
    settings: Settings,
    *,
    actor: str = ACTOR,
    most: int | None = None,
    rest: Callable[[float], None] = time.sleep,
) -> Report:
    """Dispose of everything that is due, once at a time; on record when something went.

    most: incidents at most. rest: what is done between two transactions, for so many seconds.
    Raises NotPossibleNow when another process does so, or makes a backup, on this machine, and
    AuditBroken, and nothing goes, when the audit log is not intact: a hold may have been taken away
    by hand, and what is due may be what shows that.
    """
    store, began = open_store(settings), utc_now()
    with _alone(settings.home):
        store.verify_audit(full=False)
        gone, stays, longest, is_whole = _incidents(store, settings, actor, most, rest)
        reviews = store.retention.dispose_reviews(settings.retention.reviews_years, actor=actor)
        evidence = remove_evidence(store, settings.home)
        events, old_claims, step = 0, 0, time.monotonic()
        readers = tuple(settings.webhooks)
        for some in store.retention.delete_sent(settings.retention.sent_days, readers):
            took = time.monotonic() - step
            longest = max(longest, took)
            events, old_claims = events + some[0], old_claims + some[1]
            rest(max(REST, took))
            step = time.monotonic()
    report = Report(
        is_dry=False, due=gone, stays=stays, evidence=evidence, events=events, claims=old_claims,
        reviews=reviews, longest=longest, is_whole=is_whole,
    )  # fmt: skip
    if gone or reviews or evidence or events or old_claims:
        store.record_general(
            f"retention: {report.in_words}",
            actor=actor,
            automated=True,
            entry_id=uuid4(),
            details={
                "incidents": gone, "reviews": reviews, "evidence": evidence, "events": events,
                "claims": old_claims, "began": began.isoformat(),
            },
        )  # fmt: skip
    return report


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    try:
        with file_lock(home / "disposal.lock", wait=False):
            yield
    except BlockingIOError:
        raise NotPossibleNow(
            "another process disposes of what is due, or makes a backup, at this moment"
        ) from None


def _incidents(
    store: Store,
    settings: Settings,
    actor: str,
    most: int | None,
    rest: Callable[[float], None],
) -> tuple[int, list[Skipped], float, bool]:
    """How many went, which stay, the longest transaction in seconds, and whether that was all."""
    gone, stays, longest, at_once = 0, list[Skipped](), 0.0, FEWEST
    for page in store.retention.due(settings.retention.years):
        stays += page.stays
        left = [each.incident.incident_id for each in page.due]
        while left:
            if most is not None and gone >= most:
                return gone, stays, longest, False
            some = left[: at_once if most is None else min(at_once, most - gone)]
            left = left[len(some) :]
            began = time.monotonic()
            gone += len(store.retention.dispose(some, settings.retention.years, actor=actor))
            took = time.monotonic() - began
            longest = max(longest, took)
            at_once = max(FEWEST, at_once // 2) if took > SHORT else min(MOST, at_once + 1)
            rest(max(REST, took))
    return gone, stays, longest, True


def remove_evidence(store: Store, home: Path) -> int:
    """Remove what is here of incidents that were disposed of, on whichever machine; how many.

    Evidence, drafts of notifications, work trees of patches. The manifest goes first: what is left
    after a crash is no evidence, and goes the next time.
    """
    folders = (evidence_folder(home), home / "notifications", home / "patches")
    there = [path for folder in folders for path in folder.glob("*") if _is_ours(path)]
    names = sorted({path.name for path in there})
    gone = {
        each
        for start in range(0, len(names), _OF_ONE_QUESTION)
        for each in store.retention.disposed_among(names[start : start + _OF_ONE_QUESTION])
    }
    removed = 0
    for path in there:
        if path.name in gone:
            (path / MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(path)
            removed += path.parent == folders[0]
    return removed


def _is_ours(path: Path) -> bool:
    """True for a folder that is called as an incident's id."""
    try:
        named = str(UUID(path.name)) == path.name
    except ValueError:
        return False
    return named and path.is_dir() and not path.is_symlink()


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
