"""Whether a checkout could read everything that it has to write: no object missing or broken."""

from __future__ import annotations

from git.exc import GitCommandError

from schemas.wording import some
from tasks.base.programs.environment import git_without_hooks
from tasks.base.run_command import run_command
from tasks.base.trim import one_line, trim
from tasks.target.fetch import LOOK_SECONDS, Origin
from tasks.target.repository import QUIET, TargetRepository

_SHOWN = 300


def unreadable_because(repository: TargetRepository, commit: str, origin: Origin) -> str | None:
    """Why the commit's files, as far as HEAD has not the same ones, cannot be read: "lacks …".

    Each is read and its checksum compared, but nothing is written. What a partial clone left on
    its remote is fetched first.
    """
    missing, problem = _look(repository, commit)
    if missing and repository.partial:
        if why := origin.lacks_objects(missing):
            return f"lacks {len(missing)} objects in this partial clone, {why}"
        missing, problem = _look(repository, commit)
    if problem:
        return f"has objects that cannot be read: {problem}"
    if missing:
        return (
            f"lacks {len(missing)} objects in {repository.path} ({missing[0][:12]}, …);"
            " 'git fsck' there says more"
        )
    return None


def not_looked_at(repository: TargetRepository, commit: str) -> tuple[str, ...]:
    """What a checkout gets from elsewhere than git's own objects, in words: Git LFS."""
    command = ("grep", "-l", "-z", "filter=lfs", commit, "--", ":(glob)**/.gitattributes")
    try:
        found = repository.names(*command)
    except GitCommandError:  # none has it
        return ()
    named = some([name.partition(":")[2] for name in found])
    return (f"the contents of files that Git LFS keeps elsewhere (see {named})",)


def _look(repository: TargetRepository, commit: str) -> tuple[list[str], str | None]:
    """The missing objects, and what git says of the broken ones."""
    finished = run_command(
        ["git", "rev-list", "--verify-objects", "--missing=print",
         f"{commit}^{{tree}}", "--not", "HEAD^{tree}"],
        cwd=repository.path,
        timeout=LOOK_SECONDS,
        env={**QUIET, **git_without_hooks()},
        errors_apart=True,
        called="git rev-list",
    )  # fmt: skip
    missing = [line[1:] for line in finished.output.splitlines() if line.startswith("?")]
    said = finished.errors if finished.problem or finished.errors.strip() else ""
    return missing, trim(one_line(said or str(finished.problem)), _SHOWN) if said else None
