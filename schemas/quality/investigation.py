"""Who investigates falling quality: the code's owner, its author, or the on-call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from pydantic import Field

from schemas.model import Model
from schemas.quality.code_owners import OwnersRule, owners_of
from schemas.quality.quality import Suspect
from schemas.quality.settings import Owner

ON_CALL = "on-call"


class Touch(Model):
    """A commit that touched a file."""

    commit: str
    email: str
    author: str
    subject: str


Commits = Mapping[str, tuple[Touch, ...]]
"""The newest commits of each file, newest first."""


class Investigation(Model):
    """Who investigates, why, and where to start.

    owner: as in CODEOWNERS or git, or `on-call`. jira, slack: the owner's ids there, if they are
    configured. others: further owners of the files. commits: the newest ones of each file
    since the release; none for a file that nobody changed.
    """

    owner: str
    because: str
    jira: str | None = None
    slack: str | None = None
    others: tuple[str, ...] = ()
    commits: dict[str, tuple[Touch, ...]] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()


class _Score(NamedTuple):
    lost: float
    files: int


def decide_owner(
    suspects: Sequence[Suspect],
    rules: Sequence[OwnersRule],
    commits: Commits,
    owners: Mapping[str, Owner],
    earlier: Commits = MappingProxyType({}),
) -> Investigation:
    """Choose the owner of most of the loss; without owners, its newest author; else on-call.

    Between equal owners, one with an entry in the settings comes first.
    earlier: commits before the release, for files not changed since; used last.
    """
    known = {name.lower(): owner for name, owner in owners.items()}
    of_files = {each.path: owners_of(each.path, rules) for each in suspects}
    for names, authored, why in (
        (of_files, None, "CODEOWNERS names them"),
        (_newest_authors(commits), commits, "they changed it last"),
        (_newest_authors(earlier), earlier, "they changed it last, before the release,"),
    ):
        scores = _tally(suspects, names)
        if not scores:
            continue
        ranked = sorted(
            scores, key=lambda name: (-scores[name].lost, _unknown(known.get(name.lower())))
        )
        first = ranked[0]
        person = known.get(first.lower(), Owner())
        return Investigation(
            owner=_named(first, authored) if authored else first,
            because=f"{why} for {scores[first].files} of {len(suspects)} files",
            jira=person.jira,
            slack=person.slack,
            others=tuple(ranked[1:10]),
            commits=dict(commits),
        )
    person = known.get(ON_CALL, Owner())
    why = "neither owner nor author of the files is known" if suspects else "no file is to blame"
    return Investigation(owner=ON_CALL, because=why, jira=person.jira, slack=person.slack)


def _newest_authors(commits: Commits) -> dict[str, tuple[str, ...]]:
    return {path: (found[0].email,) for path, found in commits.items() if found}


def _tally(suspects: Sequence[Suspect], names: Mapping[str, Sequence[str]]) -> dict[str, _Score]:
    scores: dict[str, _Score] = {}
    for suspect in suspects:
        for name in names.get(suspect.path, ()):
            lost, files = scores.get(name, _Score(0.0, 0))
            scores[name] = _Score(lost + suspect.lost, files + 1)
    return scores


def _unknown(owner: Owner | None) -> int:
    return (owner is None or owner.jira is None) + (owner is None or owner.slack is None)


def _named(email: str, commits: Commits) -> str:
    touch = next(each for found in commits.values() for each in found if each.email == email)
    return f"{touch.author} ({email})" if touch.author else email
