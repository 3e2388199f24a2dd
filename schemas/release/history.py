"""The deployment history of a target: what is newest, what is a candidate, what is in doubt."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from pydantic import Field

from schemas.errors import NoProvenRelease
from schemas.model import Model, UtcDatetime
from schemas.release.artefacts import Artefacts
from schemas.release.release import THEIRS, Deployment, RollbackEntry, same_commit

LONG_AGO = datetime.min.replace(tzinfo=UTC)
_PREFIX = 7
_NOT_GOOD = frozenset(
    (
        "failed", "failure", "fail", "error", "errored", "unhealthy", "degraded", "vulnerable",
        "rolled-back", "rolled_back", "rollback", "cancelled", "canceled", "aborted", "skipped",
        "deploying", "pending", "queued", "in_progress", "in-progress", "started", "waiting",
        "inactive", "unknown", "timed_out", "timeout",
    )
)  # fmt: skip
"""Words that are not taken for another way to write `healthy`."""


class OddEntry(Model):
    """An entry of the history that cannot be understood: named, never guessed, never a candidate.

    place: its place in its list. problem: where it stands and what is wrong.
    commit, status: as far as they are understood.
    latest: it is not from later than this; None when that is unknown.
    followed: the list is in order, and an entry that is understood follows this one in time.
    """

    place: int
    problem: str
    commit: str | None = None
    status: str | None = None
    latest: UtcDatetime | None = None
    followed: bool = False

    def may_be_after(self, moment: datetime) -> bool:
        """True unless it is certainly from no later than that moment."""
        return self.latest is None or self.latest > moment


class History(Model):
    """The target's deployment history (spec, "Rollback Automation"): what is understood of it.

    odd, odd_rollbacks: what is not. notes: times that are not believed.
    places: where each deployment stands in the file's list; by default all stand in this order.
    order: 1 when the newest stand at the end of the file, -1 at its beginning, 0 for neither.
    """

    model_config = THEIRS

    deployments: list[Deployment] = Field(default_factory=list)
    rollbacks: list[RollbackEntry] = Field(default_factory=list)
    odd: tuple[OddEntry, ...] = Field(default=(), exclude=True)
    odd_rollbacks: tuple[OddEntry, ...] = Field(default=(), exclude=True)
    notes: tuple[str, ...] = Field(default=(), exclude=True)
    places: tuple[int, ...] = Field(default=(), exclude=True)
    order: int = Field(default=1, exclude=True)

    def of(self, environment: str | None) -> History:
        """The deployments of an environment, and those that name none; None: all of them."""
        if environment is None:
            return self
        kept = [
            (entry, place)
            for entry, place in zip(
                self.deployments, self.places or range(len(self.deployments)), strict=True
            )
            if entry.environment in (None, environment)
        ]
        return self.model_copy(
            update={
                "deployments": [entry for entry, _ in kept],
                "places": tuple(place for _, place in kept),
            }
        )

    def newest_first(self) -> list[Deployment]:
        """By deployment time; at equal times by place, normally the later in the file is newer."""
        backwards = -1 if self.order < 0 else 1
        return [
            entry
            for _, entry in sorted(
                enumerate(self.deployments),
                key=lambda pair: (_moment(pair[1]), backwards * pair[0]),
                reverse=True,
            )
        ]

    def seen_of(self, commit: str) -> tuple[dict[str, str], Artefacts | None]:
        """The images and artefacts that were seen of a commit, the newest of each service.

        What was seen while it was healthy comes first.
        """
        entries = [each for each in self.newest_first() if same_commit(each.commit, commit)]
        entries.sort(key=lambda entry: entry.status != "healthy")
        images: dict[str, str] = {}
        for entry in reversed(entries):
            images |= entry.images
        return images, next((each.artefacts for each in entries if each.artefacts), None)

    def candidates(self, failing: str | None) -> list[Deployment]:
        """Healthy releases that are not the failing one, newest first, each commit once.

        A commit whose newest entry is not healthy is not a candidate, whatever it was before.
        """
        seen: dict[str, list[str]] = {}
        found = []
        for entry in self.newest_first():
            alike = seen.setdefault(entry.commit[:_PREFIX], [])
            if any(same_commit(entry.commit, other) for other in alike):
                continue
            alike.append(entry.commit)
            if entry.status == "healthy" and not same_commit(entry.commit, failing):
                found.append(entry)
        return found

    def perhaps_newest(self) -> list[OddEntry]:
        """The odd entries that may be the newest deployment."""
        newest = next(iter(self.newest_first()), None)
        moment = _moment(newest) if newest else LONG_AGO
        return [odd for odd in self.odd if not odd.followed and odd.may_be_after(moment)]

    def perhaps_rolled_back_since(self, moment: datetime) -> str | None:
        """What is wrong with a rollback's entry that may be from after this moment, if one is."""
        if any(rollback.timestamp > moment for rollback in self.rollbacks):
            return None
        entries = (odd for odd in self.odd_rollbacks if not odd.followed)
        return next((odd.problem for odd in entries if odd.may_be_after(moment)), None)

    def doubts(self, candidate: Deployment) -> list[OddEntry]:
        """The odd entries by which this candidate may have failed after it was healthy."""
        place = self._place(candidate)
        return [
            odd
            for odd in self.odd
            if odd.commit
            and same_commit(odd.commit, candidate.commit)
            and odd.status != "healthy"
            and odd.may_be_after(_moment(candidate))
            and (not self.order or (odd.place - place) * self.order > 0)
        ]

    def odd_words(self, newer_than: Deployment | None = None) -> list[str]:
        """Hints at status words that look good and do not count, of entries newer than this one."""
        entries = self.newest_first()
        if newer_than is not None:
            entries = entries[: next(n for n, e in enumerate(entries) if e is newer_than)]
        words = Counter(
            entry.status
            for entry in entries
            if entry.status != "healthy" and entry.status.strip().lower() not in _NOT_GOOD
        )
        return [
            f"{times} {'entry has' if times == 1 else 'entries have'} status {word[:40]!r};"
            " only 'healthy' counts"
            for word, times in words.most_common(5)
        ]

    def _place(self, wanted: Deployment) -> int:
        index = next(n for n, entry in enumerate(self.deployments) if entry is wanted)
        return self.places[index] if self.places else index


def _moment(entry: Deployment) -> datetime:
    return entry.deployed_at or entry.placed_at or LONG_AGO


def last_known_good(history: History, failing: str | None) -> Deployment:
    """The newest healthy release that is not the failing one.

    Raises NoProvenRelease when there is none.
    """
    candidates = history.candidates(failing)
    if not candidates:
        raise NoProvenRelease(
            "choose release",
            f"the history has no healthy release other than the failing one"
            f" ({(failing or 'unknown')[:12]}); deploy a good release by hand,"
            " or name one with --to-commit",
        )
    return candidates[0]
