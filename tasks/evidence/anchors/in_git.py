"""A branch of a git remote: each head is a line of a file, and a commit."""

from __future__ import annotations

from pathlib import Path

from schemas.errors import AuditBroken
from tasks.base.file_lock import file_lock
from tasks.base.programs.environment import git_without_hooks
from tasks.base.run_command import Finished, run_command
from tasks.base.trim import one_line, trim
from tasks.evidence.anchors.in_file import lines_of
from tasks.evidence.anchors.place import Head, Noted, NotReached, Place
from tasks.target.repository import QUIET

FILE = "heads.jsonl"
SECONDS = 60
"""For what speaks to the remote."""
_NONE_THERE = 2
"""The exit code of `git ls-remote --exit-code` when there is no such branch."""
_SEEN = "refs/aeef/seen"
"""Where the branch stood when we saw it last: it may only grow."""
_AS = ("-c", "user.name=AEEF Runbooks", "-c", "user.email=aeef@localhost", "-c",
       "commit.gpgSign=false", "-c", "core.autocrlf=false")  # fmt: skip


class GitPlace(Place):
    """A clone with this one branch in AEEF_HOME; nothing is ever forced."""

    def put(self, head: Head) -> str:
        """Commit and push it."""
        with file_lock(self.folder / "lock"):
            # Nobody else works there: one that is left is of a process that was killed.
            (self._clone / ".git" / "index.lock").unlink(missing_ok=True)
            if self._fetch():
                self._must("checkout", "-q", "-f", "-B", "aeef", _SEEN)
            path = self._clone / FILE
            content = path.read_bytes() if path.exists() else b""
            path.write_bytes(content + head.line)
            self._must("add", FILE)
            self._must(*_AS, "commit", "-q", "-m", f"Entry {head.seq}: {head.hash}")
            self._must("push", "-q", self._remote, f"HEAD:refs/heads/{self.its.branch}")
            commit = self._must("rev-parse", "HEAD").output.strip()
            self._must("update-ref", _SEEN, commit)
        return f"commit {commit[:12]} on {self.its.branch} of {self._remote}"

    def noted(self) -> list[Noted]:
        """Each line of the file, as the remote has it now."""
        with file_lock(self.folder / "lock"):
            there = self._fetch()
            shown = self._git("show", f"{_SEEN}:{FILE}") if there else None
        if shown is None:
            return []
        if shown.problem:
            raise AuditBroken(f"{FILE} is gone from {self.its.branch} of {self._remote}")
        return lines_of(shown.exact, f"{FILE} on {self.its.branch} of {self._remote}")

    def forget(self) -> None:
        """A branch that was rewritten is taken as it is."""
        with file_lock(self.folder / "lock"):
            if (self._clone / ".git").exists():
                self._must("update-ref", "-d", _SEEN)

    @property
    def _clone(self) -> Path:
        return self.folder / "clone"

    @property
    def _remote(self) -> str:
        assert self.its.git is not None
        return self.its.git

    def _fetch(self) -> bool:
        """Get the branch; False when there is none. Raises AuditBroken when it was rewritten."""
        if not (self._clone / ".git").exists():
            self._clone.mkdir(mode=0o700, exist_ok=True)
            self._must("init", "-q", "-b", "aeef")
        looked = self._git("ls-remote", "--exit-code", "--heads", self._remote, self._branch)
        seen = self._git("rev-parse", "-q", "--verify", _SEEN).problem is None
        if looked.code == _NONE_THERE:
            if seen:
                raise AuditBroken(f"the branch {self.its.branch} is gone from {self._remote}")
            return False
        if looked.problem:
            raise self._failed(looked)
        self._must("fetch", "-q", "--no-tags", self._remote, self._branch)
        if seen and self._git("merge-base", "--is-ancestor", _SEEN, "FETCH_HEAD").problem:
            raise AuditBroken(
                f"the branch {self.its.branch} of {self._remote} does not have the commit that was "
                "seen there last: it was rewritten"
            )
        self._must("update-ref", _SEEN, "FETCH_HEAD")
        return True

    @property
    def _branch(self) -> str:
        return f"refs/heads/{self.its.branch}"

    def _must(self, *arguments: str) -> Finished:
        finished = self._git(*arguments)
        if finished.problem:
            raise self._failed(finished)
        return finished

    def _failed(self, finished: Finished) -> NotReached:
        return NotReached(trim(one_line(finished.tail or str(finished.problem)), 300))

    def _git(self, *arguments: str) -> Finished:
        return run_command(
            ["git", *arguments],
            cwd=self._clone,
            timeout=SECONDS,
            env={**QUIET, **git_without_hooks()},
            errors_apart=True,
            called=f"git {arguments[0]}",
            most=100_000_000,
        )
