"""The simple commands of a command line, as far as they can be told apart. Pure functions."""

from __future__ import annotations

import re
import shlex

LONGEST = 4_000
"""Characters that are looked at: AEEF's hook writes 200 bytes."""
OPERATORS = "();|&\n"
HIDDEN = "…"
"""Stands for a word with blanks in it, a message for instance: what it says is no command."""
_BEFORE = re.compile(r"^(?:[A-Za-z_]\w*=\S* |sudo |command |exec |time )+")
_GIT_OPTIONS = re.compile(r"^git (?:-[cC] \S+ |--no-pager )+")


def commands_in(text: str) -> list[str]:
    """Each simple command with one blank between its words, without quotes; the rest of a cut one.

    `cd x && git -C y push "origin" main; echo "git push"` is `cd x`, `git push origin main` and
    `echo …`. What a here document holds is left out.
    """
    reader = shlex.shlex(text[:LONGEST], posix=True, punctuation_chars=OPERATORS)
    reader.whitespace, reader.whitespace_split, reader.commenters = " \t\r", True, ""
    found: list[list[str]] = [[]]
    try:
        for word in reader:
            if word.startswith("<<"):
                break
            if word and not set(word) - set(OPERATORS):
                found.append([])
            else:
                found[-1].append(word if word and not re.search(r"\s", word) else HIDDEN)
    except ValueError:  # a quotation that does not end: what it began with is no word of ours
        found[-1].append(HIDDEN)
    return [_bare(" ".join(words)) for words in found if words]


def _bare(command: str) -> str:
    """Without what only stands before a command, and without git's own options."""
    return _GIT_OPTIONS.sub("git ", _BEFORE.sub("", command, count=1), count=1)
