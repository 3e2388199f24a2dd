"""What changed: the release that an incident is about, by whom, and what is different in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from git.exc import GitError

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.release import same_commit
from schemas.settings import Settings, Target
from tasks.base.trim import clean, one_line, trim
from tasks.target.release_files import read_history
from tasks.target.repository import TargetRepository

GIT_SECONDS = 5.0
LONGEST_DIFF = 60_000
MOST_COMMITS = 50
ROLLED_BACK = re.compile(
    r"rolled (?P<target>\S+) back from (?P<failed>\S+) to (?P<good>[0-9a-f]{7,64})"
    r"; healthy after (?P<seconds>[0-9.]+) s"
)
"""`deploy release` (tasks/rollback/roll_back.py)."""
HOTFIXED = re.compile(
    r"deployed the hotfix (?P<good>[0-9a-f]{7,64}) on (?P<target>\S+) in place of (?P<failed>[^;]+)"
    r"; healthy after"
)
"""`deploy the hotfix` (tasks/patch/deploy_hotfix.py)."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_REQUEST = re.compile(r"\(#(\d+)\)|[Mm]erge pull request #(\d+)|See merge request \S*!(\d+)")
_REMOTE = re.compile(r"(?:https://|git@|ssh://git@)(?:[^@/]*@)?([\w.-]+)[:/](.+?)(?:\.git)?/?")


class Commit(NamedTuple):
    """One commit of a change."""

    commit: str
    author: str
    at: datetime
    subject: str


class Change(NamedTuple):
    """One release against the one before it, as the target's repository has them.

    summary: `3 files changed, 10 insertions(+)`. request: the address of its pull request; empty:
    not known.
    """

    target: str
    commit: str
    before: str
    subject: str = ""
    author: str = ""
    deployed_at: datetime | None = None
    summary: str = ""
    request: str = ""

    @property
    def name(self) -> str:
        """`("new checkout", 14:00)`."""
        moment = f"{self.deployed_at:%H:%M}" if self.deployed_at else ""
        parts = [f'"{self.subject}"' if self.subject else "", moment]
        said = ", ".join(part for part in parts if part)
        return f"({said})" if said else ""


def targets_of(incident: Incident, settings: Settings) -> list[Target]:
    """Each configured target that one of the incident's services belongs to."""
    found = map(settings.target_of, incident.affected_services)
    return list({target.name: target for target in found if target}.values())


def changes_of(incident: Incident, settings: Settings) -> list[Change]:
    """Of each target of the incident the release that failed or runs, as far as can be seen.

    Raises nothing: what cannot be read is left out.
    """
    found = []
    for target in targets_of(incident, settings):
        with suppress(AeefError, GitError, OSError):
            found.append(change_of(incident, target))
    return [change for change in found if change]


def commits_of(change: Change, settings: Settings) -> list[Commit]:
    """The commits of a change, the newest first, at most `MOST_COMMITS`.

    Raises TargetError, ConfigurationError, GitError.
    """
    with TargetRepository(settings.target(change.target)) as repository:
        text = repository.git(
            "log", f"--max-count={MOST_COMMITS}", "-z", "--format=%H%n%an%n%cI%n%s",
            change.commit, f"^{change.before}", timeout=GIT_SECONDS,
        )  # fmt: skip
    found = (each.split("\n", 3) for each in text.split("\0") if each.count("\n") >= 3)
    return [
        Commit(name, one_line(author)[:60], datetime.fromisoformat(at), one_line(subject)[:100])
        for name, author, at, subject in found
    ]


def difference(change: Change, settings: Settings) -> str:
    """The diff of a change as text, trimmed. Raises TargetError, ConfigurationError."""
    with TargetRepository(settings.target(change.target)) as repository:
        text = repository.git(
            "diff", "--no-color", "--no-ext-diff", "--no-textconv", change.before, change.commit,
            timeout=GIT_SECONDS,
        )  # fmt: skip
    return trim(clean(text), LONGEST_DIFF)


def change_of(incident: Incident, target: Target) -> Change | None:
    """The release of one target that the incident is about; None: its history does not say.

    Raises TargetError, GitError, OSError.
    """
    pair = _pair(incident, target)
    if pair is None:
        return None
    with TargetRepository(target) as repository:
        return _look(repository, target, *pair)


def _pair(incident: Incident, target: Target) -> tuple[str, str, datetime | None] | None:
    """The release that the incident is about, the one before it, and when it was deployed."""
    deployments = read_history(target).deployments
    moments = {each.commit: each.deployed_at for each in deployments}
    for each in reversed(incident.actions_taken):
        match = ROLLED_BACK.match(each.action) or HOTFIXED.match(each.action)
        if match and match["target"] == target.name and _COMMIT.fullmatch(match["failed"]):
            return match["failed"], match["good"], _moment(match["failed"], moments.items())
    known = [
        (moment, each.commit)
        for each in deployments
        if (moment := each.deployed_at or each.placed_at) and moment <= incident.detected_at
    ]
    if len(known) < 2:
        return None
    (_, before), (_, last) = sorted(known)[-2:]
    return last, before, moments[last]


def _moment(commit: str, moments: Iterable[tuple[str, datetime | None]]) -> datetime | None:
    return next((moment for known, moment in moments if same_commit(commit, known)), None)


def _look(
    repository: TargetRepository, target: Target, commit: str, before: str, moment: datetime | None
) -> Change | None:
    full, base = repository.find_commit(commit), repository.find_commit(before)
    if full is None or base is None:
        return None
    shown = repository.git("show", "-s", "--format=%s%x00%an%x00%B", full, timeout=GIT_SECONDS)
    subject, author, body = (*shown.split("\0"), "", "")[:3]
    summary = repository.git(
        "diff", "--shortstat", "--no-ext-diff", "--no-textconv", base, full, timeout=GIT_SECONDS
    )
    return Change(
        target=target.name,
        commit=full,
        before=base,
        subject=one_line(subject)[:100],
        author=one_line(author)[:60],
        deployed_at=moment,
        summary=one_line(summary),
        request=_request(repository, f"{subject}\n{body}"),
    )


def _request(repository: TargetRepository, message: str) -> str:
    """The address of the pull request that the message names, where the remote is known."""
    number = _REQUEST.search(message)
    names = repository.remotes()
    if number is None or not names:
        return ""
    remote = "origin" if "origin" in names else names[0]
    address = _REMOTE.fullmatch(repository.git("remote", "get-url", remote, timeout=GIT_SECONDS))
    if address is None:
        return ""
    host, path = address[1], address[2]
    if number[3]:
        return f"https://{host}/{path}/-/merge_requests/{number[3]}"
    return f"https://{host}/{path}/pull/{number[1] or number[2]}"
