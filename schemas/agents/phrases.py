"""What AEEF's contracts forbid in phrases, as far as an agent's log can show it. Pure data.

`merge-to-protected-branch`, `Merge to main or any protected branch` and the like are compared word
by word, without regard to hyphens, quotes and capitals. A phrase that is not here, or that no log
shows (`introduce-secrets`), is for a reader. What is not certain stays open: no entry says which
branch was checked out, or whose work was approved.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SHELL = "Bash"
MAIN = ("main", "master")
"""The branches that are taken to be protected; AEEF's own tools know `main` only."""


MARKS = (":", "refs/heads/", " +")
"""What may stand before a branch that is pushed to."""


class Pattern(NamedTuple):
    """What an entry of the log looks like. tool: a name, with `*`; text: of its input, with `*`,
    in small letters; of a shell it is that of one simple command.

    unless: an input that is allowed even so.
    """

    tool: str
    text: str
    is_certain: bool = True
    unless: str | None = None


def _bash(*commands: str, is_certain: bool = True) -> tuple[Pattern, ...]:
    return tuple(Pattern(SHELL, each, is_certain) for each in commands)


def _write(*paths: str) -> tuple[Pattern, ...]:
    return tuple(Pattern(tool, each) for tool in ("Write", "Edit", "MultiEdit") for each in paths)


_PUSH_TO_MAIN = _bash(
    *(f"git push* {name}" for name in MAIN),
    *(f"git push* {name} *" for name in MAIN),
    *(f"git push*{mark}{name}" for name in MAIN for mark in MARKS),
    *(f"git push*{mark}{name} *" for name in MAIN for mark in MARKS),
)
_FORCED = ("-f", "--force", "--force-with-lease", "-u", "--set-upstream", "-q", "--quiet")
_MERGE = (
    *_PUSH_TO_MAIN,
    *_bash(
        "gh pr merge*",
        "git merge *",
        "git push",
        "git push origin",
        "git push*head",
        # With options and without a branch, it is the one that is checked out, or all.
        *(f"git push {each}" for each in _FORCED),
        *(f"git push {each} origin" for each in _FORCED),
        *(f"git push origin {each}" for each in _FORCED),
        "git push* --all*",
        "git push* --mirror*",
        is_certain=False,
    ),
    *(Pattern("mcp__github__merge_pull_request", "*", is_certain=False),),
)
_APPROVE = (
    *_bash("gh pr review*--approve*", "gh pr review* -a *", "gh pr review* -a", is_certain=False),
    *(Pattern("mcp__github__*review*", "*approve*", is_certain=False),),
)
_NO_CHECKS = (
    *_bash(
        "git commit*--no-verify*",
        "git commit* -n *",
        "git push*--no-verify*",
        "gh workflow disable*",
    ),
    *(
        Pattern(tool, f"*{path}*", is_certain=False)
        for tool in ("Write", "Edit", "MultiEdit")
        for path in (".github/workflows/", ".gitlab-ci.yml", ".pre-commit-config", "jenkinsfile")
    ),
)
_DELETE = _bash("rm -rf *", "rm -fr *", "rm -r -f *", "rm -f -r *", "rm --recursive*--force*")
_SECRET_FILES = (*_write("*/.env", ".env", "*/.env.*", ".env.*", "secrets/*", "*/secrets/*"),)
_INFRASTRUCTURE = (
    *_write("infrastructure/*", "*/infrastructure/*", "terraform/*", "*/terraform/*", "*.tf"),
)
_SOURCES = _write(
    *(f"*.{ending}" for ending in ("ts", "py", "go", "js", "jsx", "tsx")), "src/*", "*/src/*"
)

_PHRASES: dict[tuple[str, ...], tuple[Pattern, ...]] = {
    (
        "merge to protected branch",
        "merge protected branch",
        "merge to main",
        "merge to main or any protected branch",
        "push to protected branch",
        "push to main",
    ): _MERGE,
    ("use git push or git merge commands",): _bash("git push*", "git merge*"),
    ("use git push", "git push"): _bash("git push*"),
    ("use git merge", "git merge"): _bash("git merge*"),
    (
        "approve own output",
        "approve own changes",
        "approve its own source changes",
        "approve your own source changes",
        "approve your own stories",
        "self approve",
    ): _APPROVE,
    (
        "disable ci checks",
        "disable ci checks or quality gates",
        "override quality gates",
        "bypass quality gates",
        "bypass scan failures",
    ): _NO_CHECKS,
    ("delete files with rm rf", "use rm rf", "rm rf"): _DELETE,
    (
        "write to env files or secrets directory",
        "write env files",
        "write secrets",
    ): _SECRET_FILES,
    ("modify infrastructure", "modify infrastructure or deployment configurations"): (
        _INFRASTRUCTURE
    ),
    (
        "edit production code",
        "edit production code ts py go js jsx tsx",
        "write application source code",
        "write application source code only docs diagrams configs",
    ): _SOURCES,
    (
        "use write or edit tools on any file except aeef reports",
        "modify any source code tests or configuration files",
    ): tuple(
        Pattern(tool, "*", unless="*.aeef/*")
        for tool in ("Write", "Edit", "MultiEdit", "NotebookEdit")
    ),
}
KNOWN: dict[str, tuple[Pattern, ...]] = {
    phrase: patterns for phrases, patterns in _PHRASES.items() for phrase in phrases
}


def patterns_of(action: str) -> tuple[Pattern, ...]:
    """What shows a forbidden action in the log; empty: it is in words that only people compare."""
    return KNOWN.get(" ".join(re.findall(r"[a-z0-9]+", action.casefold())), ())
