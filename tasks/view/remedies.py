"""What to do when a step failed: the table of docs/operations.md as data, so that it is one table.

A test compares the two; whoever changes a row changes both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

GAP = "…"
"""In a text: anything."""


class Remedy(NamedTuple):
    """One row. texts: what the record says, any of them. does: what to do, in Markdown."""

    texts: tuple[str, ...]
    does: str

    def is_for(self, said: str) -> bool:
        """True when the sentence has one of the texts."""
        return any(_pattern(text).search(said) for text in self.texts)

    @property
    def plain(self) -> str:
        """What to do without Markdown: a link is its words and its page."""
        said = re.sub(r"\[([^]]+)\]\(#[^)]*\)", r"\1", self.does)
        said = re.sub(r"\[([^]]+)\]\(([\w.-]+)[^)]*\)", r"\1 (docs/\2)", said)
        return said.replace("`", "")


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        ("local changes in … would be lost",),
        "somebody edited files in the target's repository: commit, stash or undo the changes",
    ),
    Remedy(
        ("when none runs, remove ….lock",),
        "a killed git left its lock: see that no git works in that repository, remove the one"
        " file, Retry",
    ),
    Remedy(
        ("no healthy release besides", "not proven good"),
        "[rollback](rollback.md#which-release); name one with `--to-commit`, or deploy by hand",
    ),
    Remedy(
        ("may be the newest deployment", "may have failed after it was healthy"),
        "[mend that entry](rollback.md#when-the-history-is-not-in-order) of the history, or name a"
        " release with `--to-commit`",
    ),
    Remedy(
        ("belongs to no configured target",),
        "the alert's service is in no `[targets.…]`: add it to `services`, Retry",
    ),
    Remedy(("Docker is not reachable",), "start Docker on the worker's machine, Retry"),
    Remedy(
        ("… was put back, runs and is healthy",),
        "the rollback did not work and was undone; what ran before was seen to run",
    ),
    Remedy(
        ("Nothing ran before, so there was nothing to put back",),
        "no container of the target ran when the rollback began",
    ),
    Remedy(
        ("which commit runs was not looked at",),
        "set `running_command`: without it nothing says which commit runs",
    ),
    Remedy(
        ("Look at … yourself",),
        "neither the new nor the old release could be started: nothing may be running",
    ),
    Remedy(
        ("drift unknown",),
        "nothing could be compared, or a part could not be read; the text names it. No incident:"
        " `aeef doctor` says it, `/health` after an hour",
    ),
    Remedy(
        ("automation stopped, take over", "are the limit"),
        "the automation has done it so often already: [limits](automation.md#the-limits). Find out"
        " why it does not help; then by hand, or Retry later",
    ),
    Remedy(
        ("automation is off", "automation only observes"),
        "somebody [switched it](automation.md#the-mode) so: nothing is done by itself; do it by"
        " hand",
    ),
    Remedy(
        ("WAITS for a person",),
        "the type is only guessed: `aeef confirm ID`, or with `--no`",
    ),
    Remedy(
        ("needs somebody's word",),
        "the same; a step that cannot be undone was refused",
    ),
    Remedy(
        ("stays suspended", "stays isolated", "waits for approval"),
        "people have to [approve](approvals.md) it first: the text says whose; `aeef approve`",
    ),
    Remedy(
        ("no runbook has started",),
        "Prefect or the worker is down: see [health](#health); what is waiting starts automatically"
        " when they are back",
    ),
    Remedy(
        ("told on-call by Slack, which rings nobody",),
        "no channel that rings took the page: the text says why. Nobody's phone rang; with `still"
        " trying`, [it is tried until one rings](#nobodys-phone-rings)",
    ),
    Remedy(("the disk of … is full",), "make space there, Retry"),
    Remedy(
        ("NOBODY WAS PAGED",),
        "no channel is configured; that page is not sent later. `aeef doctor`",
    ),
    Remedy(
        ("nobody was paged for …",),
        "every channel failed; it is tried again until one takes it",
    ),
)


def remedy_for(said: str) -> Remedy | None:
    """What to do about a sentence of the record; None when the table does not know it."""
    return next((each for each in REMEDIES if each.is_for(said)), None)


def _pattern(text: str) -> re.Pattern[str]:
    parts = (re.escape(part.strip()) for part in text.split(GAP))
    return re.compile(r"\s?.{0,400}?\s?".join(parts), re.DOTALL)
