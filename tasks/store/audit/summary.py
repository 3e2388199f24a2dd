"""What a verification of the audit log saw, and what it did not look at."""

from __future__ import annotations

from typing import NamedTuple


class AuditSummary(NamedTuple):
    """What was verified.

    entries, head: the chain's number of entries and newest hash. anchors: that matched just now.
    since: the entry after which entries were recomputed; 0: all were.
    elsewhere: how many incidents have evidence on another machine, which nobody looked at here.
    evidence: how many have some here; files_read: False: only the sizes of what is not new.
    notices: what is odd and no break, as clocks do step.
    """

    entries: int
    head: str
    anchors: int
    since: int = 0
    elsewhere: tuple[tuple[str, int], ...] = ()
    evidence: int = 0
    files_read: bool = True
    notices: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """What was seen, and what was not looked at."""
        parts = [f"{self.entries} entries"]
        if self.since:
            parts = [
                f"{self.entries - self.since} new entries of {self.entries} (those before were "
                "verified earlier; `--full` recomputes them)"
            ]
        parts.append(f"{self.anchors} {'new ' if self.since else ''}anchors")
        if self.evidence:
            how = "every file read" if self.files_read else "sizes only, except of what is new"
            parts.append(f"evidence of {self.evidence} incidents, {how}")
        parts += [
            f"NOT here: evidence of {count} incidents, on {machine}"
            for machine, count in self.elsewhere
        ]
        parts += [f"NOTICE: {each}" for each in self.notices]
        return "; ".join(parts)
