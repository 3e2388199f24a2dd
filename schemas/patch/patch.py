"""An emergency patch: its changes, the findings left unpatched, its gates, its approval."""

from __future__ import annotations

from pydantic import Field

from schemas.model import Model, UtcDatetime
from schemas.release import FullCommit

_MOST_NAMED = 10


class PatchChange(Model):
    """One change: a requirement in a manifest, or, with no package, a file of a supplied patch."""

    file: str
    package: str | None = None
    before: str = ""
    after: str = ""
    findings: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.package is None:
            return f"{self.file} by the supplied patch"
        return f"{self.file}: {self.before} becomes {self.after}"


class Unpatched(Model):
    """A finding that could not be patched automatically: why, and what a person can run."""

    finding: str
    why: str
    commands: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.finding}: {self.why}"


class PreparedPatch(Model):
    """A hotfix that is ready on its branch, or the reasons why there is none.

    base: the running commit, on which it is built. already: what no longer needs a change.
    locks: lock files that `lock_command` updated for it.
    judges: files by which the change is judged, and which the supplied patch changes.
    taken_back: those of them that the gates get from the running commit.
    """

    target: str
    base: FullCommit
    branch: str | None = None
    commit: FullCommit | None = None
    changes: tuple[PatchChange, ...] = ()
    already: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    unpatched: tuple[Unpatched, ...] = ()
    judges: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()

    @property
    def supplied(self) -> bool:
        """True when it has code that came with the alert, which nobody has approved."""
        return any(change.package is None for change in self.changes)

    @property
    def warning(self) -> str | None:
        """That the supplied patch changes what judges it, in words."""
        if not self.judges:
            return None
        text = f"the supplied patch changes what judges it: {some_of(self.judges)}"
        if not self.taken_back:
            return f"{text}; it is judged by its own"
        back = some_of(self.taken_back)
        return f"{text}; the gates run with these as the running commit has them: {back}"

    def __str__(self) -> str:
        parts = [some_of(self.changes)] if self.changes else []
        if self.warning:
            parts.append(self.warning)
        if self.locks:
            without = (
                " (without the supplied patch, whose code is not run)" if self.supplied else ""
            )
            parts.append(f"brought up to date{without}: {', '.join(self.locks)}")
        if self.already:
            parts.append(some_of(self.already))
        if self.unpatched:
            parts.append(f"NOT patched: {some_of(self.unpatched)}")
        return "; ".join(parts) or "nothing"


class GateResult(Model):
    """The result of one gate: `pass`, `fail`, or `missing` when it has no command."""

    gate: str
    status: str
    started_at: UtcDatetime
    completed_at: UtcDatetime
    problem: str | None = None

    def __str__(self) -> str:
        return f"{self.gate}: {self.status}" + (f" ({self.problem})" if self.problem else "")


class GateResults(Model):
    """The gate results of a hotfix.

    apart: they ran in a sandbox. not_run_because: none has run yet, for this reason: the code came
    with the alert, and waits for somebody to approve that it runs.
    """

    commit: FullCommit
    results: tuple[GateResult, ...] = ()
    apart: bool = False
    not_run_because: str | None = None

    @property
    def said(self) -> str | None:
        """How they were run, or why not, in words; None when as ever."""
        if self.not_run_because:
            return f"the gates were not run before the approval: {self.not_run_because}"
        return "the gates ran in a sandbox, without network and secrets" if self.apart else None

    @property
    def failures(self) -> list[str]:
        """Why these results prove nothing, one line each."""
        return [str(each) for each in self.results if each.status != "pass"]


class Decision(Model):
    """A person's decision about a hotfix."""

    approve: bool
    approver: str = Field(min_length=1, max_length=200)
    comment: str = Field(default="", max_length=2_000)

    def __str__(self) -> str:
        verb = "approved" if self.approve else "rejected"
        said = f": {self.comment}" if self.comment else ""
        return f"{verb} by {self.approver}{said}"


def some_of(things: tuple[object, ...]) -> str:
    """The first items, and how many more there are."""
    shown = "; ".join(str(each) for each in things[:_MOST_NAMED])
    more = len(things) - _MOST_NAMED
    return f"{shown}; and {more} more" if more > 0 else shown
