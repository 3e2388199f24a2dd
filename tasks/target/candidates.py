"""Which release of the history can be gone back to: the same answer for everybody who asks."""

from __future__ import annotations

from typing import NamedTuple

from schemas.errors import NoProvenRelease, TargetError
from schemas.release import Deployment, History, OddEntry
from schemas.wording import some
from tasks.base.trim import one_line, trim
from tasks.target.fetch import Origin
from tasks.target.readable import unreadable_because
from tasks.target.release_files import gates_of, wrong_history
from tasks.target.repository import TargetRepository

FULL_LENGTHS = (40, 64)
_CHOOSE = "choose release"
_SHOWN = 400
_MOST_REASONS = 20


class Usable(NamedTuple):
    """A release that is proven, is here, and can be read.

    gates: each with its status. fetched: it was not here before.
    """

    commit: str
    gates: dict[str, str]
    fetched: bool


class CannotBeHad(TargetError):
    """The release is not here, nor on the remote, or cannot be read; the text follows "it"."""


class Search(NamedTuple):
    """The newest usable release with its entry, if any; what was passed over, and why."""

    found: Usable | None
    entry: Deployment | None
    passed_over: tuple[str, ...]


def newest_usable(repository: TargetRepository, history: History, failing: str | None) -> Search:
    """The newest healthy release besides the failing one that is proven, here and readable.

    A commit that is only on the remote is fetched. Raises TargetError where an entry that cannot
    be understood could decide: it may say that the release failed after it was healthy.
    """
    origin = Origin(repository)
    passed_over = []
    for candidate in history.candidates(failing):
        try:
            usable = usable_release(repository, candidate.commit, origin)
        except TargetError as error:
            it = "it " if isinstance(error, CannotBeHad) else ""
            passed_over.append(trim(one_line(f"{candidate.commit[:12]}: {it}{error}"), _SHOWN))
            continue
        if doubts := history.doubts(candidate):
            raise wrong_history(
                repository.target,
                f"{_named(doubts)}: so {usable.commit[:12]} may have failed after it was healthy;"
                " mend that entry, or name a release with --to-commit",
            )
        return Search(usable, candidate, _bounded(passed_over, _remarks(history, candidate)))
    return Search(None, None, _bounded(passed_over, _remarks(history)))


def usable_release(repository: TargetRepository, wanted: str, origin: Origin) -> Usable:
    """This release, if it is proven, here or on the remote, and readable.

    Raises NoProvenRelease when it is not proven, CannotBeHad, and other TargetErrors.
    """
    commit = repository.find_commit(wanted)
    if commit is None and len(wanted) not in FULL_LENGTHS:
        raise CannotBeHad(
            _CHOOSE,
            f"is no commit in {repository.path}; give the full id if it is only on the remote",
        )
    commit = commit or wanted
    gates, unproven = gates_of(repository, commit)
    if unproven:
        raise NoProvenRelease(_CHOOSE, "; ".join(unproven))
    here = repository.find_commit(commit) is not None
    if why := origin.lacks(commit):
        raise CannotBeHad("fetch", why)
    if why := unreadable_because(repository, commit, origin):
        raise CannotBeHad("read the release", why)
    return Usable(commit, gates, fetched=not here)


def _remarks(history: History, chosen: Deployment | None = None) -> list[str]:
    """What else of the history was passed over: odd words of status, odd entries, odd times."""
    odd = [entry.problem for entry in (*history.odd, *history.odd_rollbacks)]
    return [*history.odd_words(chosen), *odd, *history.notes]


def _bounded(*kinds: list[str]) -> tuple[str, ...]:
    """The first of each kind, and how many more there are."""
    found: list[str] = []
    for reasons in kinds:
        found += reasons[:_MOST_REASONS]
        if more := len(reasons) - _MOST_REASONS:
            found += [f"and {more} more"] if more > 0 else []
    return tuple(found)


def refuse_unknown_newest(repository: TargetRepository, history: History) -> None:
    """Raise TargetError when an entry that cannot be understood may be the newest deployment."""
    if perhaps := history.perhaps_newest():
        raise wrong_history(
            repository.target,
            f"{_named(perhaps)}: it may be the newest deployment, and nothing else tells what"
            " runs; mend that entry, or name a release with --to-commit",
        )


def refuse_unknown_good(repository: TargetRepository, history: History) -> None:
    """Raise TargetError when an odd entry may be the newest deployment, and a healthy one."""
    perhaps = [odd for odd in history.perhaps_newest() if odd.status in (None, "healthy")]
    if perhaps:
        raise wrong_history(
            repository.target,
            f"{_named(perhaps)}: it may be the newest healthy release; mend that entry",
        )


def _named(entries: list[OddEntry]) -> str:
    return some([entry.problem for entry in entries], " | ")
