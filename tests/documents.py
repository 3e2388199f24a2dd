"""The samples in our documents: every block of code, with the text before it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support import ROOT

FENCE = re.compile(r"^```(\w*)$")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Block(NamedTuple):
    """One block. language: as its fence says; empty for an indented one. before: the text above."""

    page: Path
    line: int
    language: str
    before: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def path(self) -> str:
        """The file that the text above names last; empty when it names none."""
        named: list[str] = re.findall(r"`([\w./-]+\.\w+)`", self.before)
        return named[-1] if named else ""


def blocks_of(page: Path) -> Iterator[Block]:
    """Every fenced and every indented block of a page, in order."""
    lines = page.read_text("utf-8").splitlines()
    above: list[str] = []
    at = 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if fence:
            end = lines.index("```", at + 1)
            yield _block(page, at, fence[1], above, lines[at + 1 : end])
            above, at = [], end + 1
        elif lines[at].startswith("    ") and not (at and lines[at - 1].strip()):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            yield _block(page, at, "", above, lines[at:end])
            above, at = [], end
        else:
            above.append(lines[at])
            at += 1


def commands_of(block: Block) -> list[str]:
    """The command lines of a block as a shell takes them: continued lines joined, no output."""
    if block.language not in ("", "sh"):
        return []
    joined = re.sub(r"\\\n\s*", " ", block.text)
    joined = re.sub(r"'[^']*'", lambda quoted: quoted[0].replace("\n", " "), joined)
    starts = ("aeef ", ".venv/bin/aeef ", "make ", "curl ", "(cd ")
    lines = [line.removeprefix("$ ") for line in joined.splitlines()]
    return [line for line in lines if line.startswith(starts)]


def apply_diff(text: str, diff: str) -> str:
    """The text with the change of a diff without line numbers; `@@` parts its places.

    Fails when what it takes away, or has beside it, is not there exactly once.
    """
    for hunk in re.split(r"(?m)^@@\n", diff):
        lines = hunk.splitlines()
        old = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
        new = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
        assert 1 == text.count(old), f"not there exactly once:\n{old}"
        text = text.replace(old, new)
    return text


def _block(page: Path, at: int, language: str, above: list[str], lines: list[str]) -> Block:
    text = textwrap.dedent("\n".join(lines)).rstrip() + "\n"
    return Block(page, at + 1, language, "\n".join(above), text)
