"""Opens a target's git repository, if git trusts it."""

from __future__ import annotations

import os

from git import Repo
from git.exc import GitError

from schemas.errors import TargetError
from schemas.settings import Target
from tasks.base.programs.environment import git_without_hooks, private_names

_MISDIRECTING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")


def open_repository(target: Target) -> Repo:
    """The repository. Raises TargetError that says what is wrong with it."""
    misdirecting = [name for name in _MISDIRECTING if os.environ.get(name)]
    if misdirecting:
        raise TargetError(
            "open repository",
            f"{', '.join(misdirecting)} in the environment would send git elsewhere; unset it",
        )
    try:
        repo = Repo(target.repository)
    except (GitError, OSError) as error:
        raise TargetError(
            "open repository",
            f"{target.repository} is not the top of a git work tree; set 'repository' of"
            f" [targets.{target.name}] ({type(error).__name__})",
        ) from error
    if repo.bare:
        repo.close()
        raise TargetError(
            "open repository", f"{target.repository} is bare: a rollback needs a work tree"
        )
    # GitPython passes our whole environment on, and git starts filters that the repository names.
    repo.git.update_environment(
        **dict.fromkeys(private_names(os.environ), ""), **git_without_hooks()
    )
    return repo


def refuse_foreign_owner(target: Target, error: GitError) -> None:
    """Raise TargetError if git refused because somebody else owns the repository."""
    if "dubious ownership" in str(getattr(error, "stderr", "")):
        raise TargetError(
            "open repository",
            f"git does not trust {target.repository}, because another user owns it; run AEEF as"
            f" that user, or: git config --global --add safe.directory {target.repository}",
        ) from error
