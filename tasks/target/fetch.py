"""Fetches commits from the target's remote, within a deadline, and changes no branch by it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import inf

from schemas.errors import TargetError
from tasks.base.programs.environment import git_without_hooks
from tasks.base.run_command import Finished, run_command
from tasks.base.trim import one_line, trim
from tasks.target.git_locks import lock_in
from tasks.target.repository import QUIET, TargetRepository

LOOK_SECONDS = 120.0
"""Seconds for everything that is fetched while releases are looked at: a remote may hang."""
_ANSWER_SECONDS = 20.0
"""Seconds for its first answer: a remote that is away must not cost what a slow one may."""
_MOST_TIPS = 2_000
"""Branches and tags whose commits are asked for by id; more would not fit on a command line."""
_SHOWN = 300
_REMOTE = "origin"
# Objects only: a look must not move anybody's branches, nor prune or repack them.
_OBJECTS_ONLY = (
    "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--no-prune",
    "--no-auto-maintenance", "--no-recurse-submodules",
)  # fmt: skip


class Origin:
    """The target's remote `origin`, asked for as long as `seconds` allow in all.

    A remote that does not answer is asked no second time.
    """

    def __init__(self, repository: TargetRepository, seconds: float = LOOK_SECONDS) -> None:
        self._repository = repository
        self._seconds = seconds
        self._give_up_at = time.monotonic() + seconds
        self._silent: str | None = None
        self._answered = False
        self._tips_fetched = False

    def lacks(self, commit: str) -> str | None:
        """Get a commit here, by its full id; None when it is here, else why not: "is not in …".

        Never uses the network for a commit that is here already.
        """
        here = self._repository.find_commit
        if here(commit):
            return None
        where = f"is not in {self._repository.path}"
        if why := self._not_asked():
            return f"{where}, {why}"
        shallow = ("--depth=1",) if self._repository.shallow else ()
        said = self._ask(*_OBJECTS_ONLY, *shallow, _REMOTE, commit)
        if here(commit):
            return None
        # Some servers give a commit only together with its branch.
        if said and "not our ref" not in said and not self._tips_fetched:
            said = self._fetch_tips()
            if here(commit):
                return None
            if said:
                self._silent = f"and its remote '{_REMOTE}' did not give it: {said}"
                return f"{where}, {self._silent}"
        return f"is neither in {self._repository.path} nor on its remote '{_REMOTE}'"

    def lacks_objects(self, identities: Sequence[str]) -> str | None:
        """Get these objects, which a partial clone left on the remote; why they cannot be had."""
        if why := self._not_asked():
            return why
        said = None
        for first in range(0, len(identities), _MOST_TIPS):
            said = self._ask(
                "-c", "fetch.negotiationAlgorithm=noop", *_OBJECTS_ONLY, "--filter=blob:none",
                _REMOTE, *identities[first : first + _MOST_TIPS],
            )  # fmt: skip
            if said:
                return f"and its remote '{_REMOTE}' did not give them: {said}"
        return None

    def _not_asked(self) -> str | None:
        if self._silent:
            return self._silent
        if time.monotonic() >= self._give_up_at:
            return f"and the {self._seconds:g} s for its remote '{_REMOTE}' are over"
        if _REMOTE not in self._repository.remotes():
            return f"and the repository has no remote '{_REMOTE}' to fetch it from"
        if not self._answered:
            looked = self._run("ls-remote", "--quiet", _REMOTE, "HEAD", seconds=_ANSWER_SECONDS)
            if looked.problem:
                self._silent = f"and its remote '{_REMOTE}' does not answer: {_in_words(looked)}"
            self._answered = True
        return self._silent

    def _fetch_tips(self) -> str | None:
        listed = self._run("ls-remote", "--heads", "--tags", _REMOTE)
        if listed.problem:
            return _in_words(listed)
        tips = list(dict.fromkeys(line.partition("\t")[0] for line in listed.output.splitlines()))
        self._tips_fetched = True
        wanted = [tip for tip in tips[:_MOST_TIPS] if not self._repository.find_commit(tip)]
        return self._ask(*_OBJECTS_ONLY, _REMOTE, *wanted) if wanted else None

    def _ask(self, *arguments: str) -> str | None:
        finished = self._run(*arguments)
        return _in_words(finished) if finished.problem else None

    def _run(self, *arguments: str, seconds: float = inf) -> Finished:
        left = self._give_up_at - time.monotonic()
        return run_command(
            ["git", *arguments],
            cwd=self._repository.path,
            timeout=max(1, round(min(left, seconds))),
            env={**QUIET, **git_without_hooks()},
            errors_apart=True,
            called=f"git {'ls-remote' if 'ls-remote' in arguments else 'fetch'}",
        )


def _in_words(finished: Finished) -> str:
    if lock := lock_in(finished.tail):
        return f"{lock} is in the way"
    said = finished.tail if finished.code is not None else ""
    shown = one_line(said or str(finished.problem))
    return trim(shown.partition(" Please make sure")[0], _SHOWN)


def fetch_commit(repository: TargetRepository, commit: str, timeout: float) -> None:
    """Get a commit here. Raises TargetError when it is not on the remote either."""
    if why := Origin(repository, timeout).lacks(commit):
        raise TargetError("fetch", f"{commit[:12]} {why}")
