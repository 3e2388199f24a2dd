"""The target's git work tree: its state, local changes, fetch and checkout."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from git.exc import GitCommandError, GitError

from schemas.errors import DirtyWorkTree, TargetError
from schemas.settings import Target
from schemas.wording import some
from tasks.base.run_command import tail_of
from tasks.target.git_locks import busy, lock_in
from tasks.target.open_repository import open_repository, refuse_foreign_owner

_LOOK_TIMEOUT = 60.0
_FULL = 40
"""The number of digits of a full commit id."""
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
"""Git asks nobody for a password, and reading commands never write the index."""


class WorkTree(NamedTuple):
    """What is checked out: a commit, and its branch, if any."""

    commit: str
    branch: str | None


class TargetRepository:
    """The git repository of a target. A context manager, as it keeps git processes open."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.path = target.repository
        self._repo = open_repository(target)
        self.git_dir = Path(self._repo.git_dir)
        self.aeef = self.git_dir / "aeef"
        self._found: set[str] = set()

    def __enter__(self) -> TargetRepository:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._repo.close()
        if isinstance(error, GitCommandError):
            raise self.failure("use git", "a git command failed", error) from error

    def remotes(self) -> list[str]:
        """The names of its remotes."""
        return [remote.name for remote in self._repo.remotes]

    @property
    def objects(self) -> Path:
        """The folder of its objects, which linked work trees share."""
        return Path(self._repo.common_dir) / "objects"

    @property
    def shallow(self) -> bool:
        """True for a clone without its older history."""
        return (Path(self._repo.common_dir) / "shallow").exists()

    @cached_property
    def partial(self) -> bool:
        """True for a clone that left objects on its remote: git fetches them when it needs them."""
        try:
            return bool(self.git("config", "--get-regexp", r"^remote\..*\.(promisor|partialclone)"))
        except GitCommandError:  # no such setting
            return False

    def git(
        self,
        *arguments: str,
        timeout: float = _LOOK_TIMEOUT,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Run git here and return its output. Raises GitCommandError.

        It never prompts for a password, and reading commands never write the index.
        env: more git variables, for example another index.
        """
        output = self._repo.git.execute(
            [self._repo.git.GIT_PYTHON_GIT_EXECUTABLE or "git", *arguments],
            kill_after_timeout=timeout,
            env={**QUIET, **(env or {})},
            with_extended_output=False,
            as_process=False,
            stdout_as_string=True,
        )
        return str(output)

    def names(self, *arguments: str) -> list[str]:
        """The file names that a git command with `-z` prints."""
        return [name for name in self.git(*arguments).split("\0") if name]

    def blob(self, identity: str, env: Mapping[str, str] | None = None) -> bytes:
        """The content of a file version."""
        content = self._repo.git.execute(
            [self._repo.git.GIT_PYTHON_GIT_EXECUTABLE or "git", "cat-file", "blob", identity],
            kill_after_timeout=_LOOK_TIMEOUT,
            env=dict(env or {}),
            with_extended_output=False,
            as_process=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
        )
        return content if isinstance(content, bytes) else b""

    def head(self) -> WorkTree:
        """What is checked out now."""
        try:
            commit = self._at_hand("HEAD") or self.git("rev-parse", "--verify", "HEAD^{commit}")
        except GitCommandError as error:
            raise self.failure("read the repository", "it has no commit checked out", error) from (
                error
            )
        branch = None if self._repo.head.is_detached else self._repo.active_branch.name
        return WorkTree(commit, branch)

    def find_commit(self, sha: str) -> str | None:
        """The full id of a commit in this repository; None when it is not there.

        Never uses the network. A branch that happens to be named like an abbreviated
        commit does not count. Raises TargetError when the abbreviation is ambiguous.
        """
        if sha in self._found:  # a full id; a commit that exists does not change
            return sha
        if len(sha) == _FULL and not self.partial and self._at_hand(sha) == sha:
            self._found.add(sha)
            return sha
        look = ["rev-parse", "--verify", f"{sha}^{{commit}}"]
        if self.partial and len(sha) == _FULL:  # the only command that does not try to fetch it
            look = ["rev-list", "--no-walk", "--missing=print", sha]
        try:
            full = self.git(*look)
        except GitCommandError as error:
            if "ambiguous" in error.stderr:
                raise TargetError(
                    "choose release", f"{sha} stands for more than one commit; give more of it"
                ) from error
            refuse_foreign_owner(self.target, error)
            return None
        if not full.startswith(sha):
            return None
        self._found.add(full)
        return full

    def _at_hand(self, revision: str) -> str | None:
        """The commit, from one git process that serves all queries; None when it is unknown."""
        try:
            header = self._repo.git.get_object_header(revision)
        except (ValueError, GitError, OSError):  # queried again by a command that reports why
            return None
        commit, kind = map(os.fsdecode, header[:2])  # GitPython calls them text, they are bytes
        return commit if kind == "commit" else None

    def is_record(self, name: str) -> bool:
        """True for the history, provenance and agents' registry: a rollback carries them."""
        path = Path(name)
        agents = self.target.agents
        if agents and path == Path(agents.registry):
            return True
        return path == Path(self.target.history) or (
            path.parent == Path(self.target.provenance) and path.suffix == ".json"
        )

    def local_changes(self) -> list[str]:
        """Tracked files that are modified, staged or deleted, except the records."""
        lines = self.names("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no")
        return sorted(line[3:] for line in lines if not self.is_record(line[3:]))

    def checkout(self, commit: str, *, branch: str | None = None, force: bool = False) -> None:
        """Check out a commit, or the branch if it still points to that commit.

        Without `force`, git refuses to overwrite local changes, even ignored files.
        """
        if branch and self._branch_commit(branch) == commit:
            what = [branch, "--"]
        else:
            what = ["--detach", commit]
        options = ["--force"] if force else ["--no-overwrite-ignore"]
        try:
            self.git(
                "checkout", "--quiet", *options, *what,
                timeout=self.target.deploy_timeout,
            )  # fmt: skip
        except GitCommandError as error:
            if "would be overwritten" in error.stderr or "would lose untracked" in error.stderr:
                names = [
                    line.strip() for line in error.stderr.splitlines() if line.startswith("\t")
                ]
                raise DirtyWorkTree(
                    "checkout",
                    f"local files in {self.path} would be overwritten: {some(names)};"
                    " move them away first",
                ) from error
            if lock := lock_in(error.stderr):
                if lock.name == "index.lock":  # git takes it before it changes anything
                    raise busy(self.path, "checkout", lock) from error
                raise TargetError(
                    "checkout",
                    f"cannot check out {commit[:12]}: {lock} is in the way; when no git command"
                    " works there, remove that file",
                ) from error
            raise self.failure("checkout", f"cannot check out {commit[:12]}", error) from error

    def undo_changes(self, names: list[str]) -> None:
        """Reset these files, in index and work tree, to the committed version."""
        if names:
            self.git("--literal-pathspecs", "checkout", "--quiet", "HEAD", "--", *names)

    def failure(self, stage: str, message: str, error: GitError) -> TargetError:
        """Our error for a git error, with the end of git's message."""
        refuse_foreign_owner(self.target, error)
        said = tail_of(str(getattr(error, "stderr", error))).removeprefix("stderr: ").strip(" '")
        return TargetError(stage, f"{message}: {said}")

    def _branch_commit(self, branch: str) -> str | None:
        try:
            return self.git("rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}")
        except GitCommandError:
            return None


def aeef_directory(target: Target) -> Path:
    """The folder of this target's locks and journals, inside its git directory."""
    usual = target.repository / ".git"
    if usual.is_dir():  # in a linked work tree it is a file, which git must resolve
        return usual / "aeef"
    with TargetRepository(target) as repository:
        return repository.aeef
